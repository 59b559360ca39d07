"""What a loaded model says of rows that it cannot be given."""

from pathlib import Path

import numpy as np
import pytest

from auditor.errors import InputError
from auditor.models import Model


def model(input_shape: tuple[int | None, ...] | None) -> Model:
    return Model(Path("model.pt2"), "program", "", False, "cpu", 2, (), input_shape, (), np.asarray)


def refused(input_shape: tuple[int | None, ...], shape: tuple[int, ...]) -> str:
    with pytest.raises(InputError) as caught:
        model(input_shape).check_rows(shape, "test.csv")
    return str(caught.value)


def test_one_column_too_many_may_number_the_rows() -> None:
    message = refused((4,), (5,))
    assert message.startswith("model.pt2 takes rows of 4 features, test.csv has 5 features: ")
    assert "`features` in auditor.toml" in message
    assert message.endswith("leave it out with --id COLUMN")


@pytest.mark.parametrize(
    ("input_shape", "shape"), [((4,), (3,)), ((4,), (7,)), ((28, 28), (29, 28)), ((None, 4), (2, 5))]
)
def test_no_other_misfit_hints_at_that(input_shape: tuple[int | None, ...], shape: tuple[int, ...]) -> None:
    assert "--id" not in refused(input_shape, shape)


@pytest.mark.parametrize("input_shape", [(4,), (None,), None])
def test_rows_that_fit_pass(input_shape: tuple[int | None, ...] | None) -> None:
    model(input_shape).check_rows((4,), "test.csv")
