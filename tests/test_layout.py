"""A matrix of features as the inputs of a model, and back."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import InputError
from auditor.layout import Input, Layout, side_by_side
from auditor.models.inputs import fitted
from auditor.models.tensors import of_parts

SHAPES = st.lists(st.lists(st.integers(1, 4), max_size=3).map(tuple), min_size=1, max_size=5)
CPU = torch.device("cpu")


@given(SHAPES, st.integers(1, 5))
def test_inputs_stand_side_by_side_and_are_found_again(shapes: list[tuple[int, ...]], rows: int) -> None:
    parts = side_by_side((f"input{number}", shape, None) for number, shape in enumerate(shapes))
    width = sum(math.prod(shape) for shape in shapes)
    features = np.arange(rows * width, dtype=np.float32).reshape(rows, width)
    found = Layout(parts=parts).columns(features)
    assert isinstance(found, dict)
    assert [array.shape for array in found.values()] == [(rows, *shape) for shape in shapes]
    np.testing.assert_array_equal(np.concatenate([a.reshape(rows, -1) for a in found.values()], axis=1), features)
    for array in found.values():
        array.fill(-1)
    np.testing.assert_array_equal(features, np.arange(rows * width).reshape(rows, width))


def test_columns_of_a_table_have_their_names() -> None:
    found = Layout(("a", "b")).columns(np.array([[1, 2], [3, 4]], np.float32))
    assert isinstance(found, dict)
    assert {name: column.tolist() for name, column in found.items()} == {"a": [1, 3], "b": [2, 4]}
    assert not isinstance(Layout().columns(np.ones((2, 2), np.float32)), dict)


INPUTS = (Input("age", "float32", (1,)), Input("codes", "int64", (None,)))


def parts(*entries: tuple[str, tuple[int, ...]]) -> Layout:
    return Layout(parts=side_by_side((name, shape, None) for name, shape in entries))


@pytest.mark.parametrize("names", [("codes", "age"), ("age", "codes")])
def test_inputs_get_the_order_shapes_and_types_that_the_model_names(names: tuple[str, ...]) -> None:
    shapes = {"age": (), "codes": (3,)}
    layout = fitted(INPUTS, parts(*((name, shapes[name]) for name in names)), "model.pt2")
    assert [(part.name, part.shape, part.dtype) for part in layout.parts] == [
        ("age", (1,), "float32"),
        ("codes", (3,), "int64"),
    ]
    features = np.arange(8, dtype=np.float32).reshape(2, 4)
    _, tensors = of_parts(layout.parts, features, "model.pt2", CPU)
    assert tensors["age"].flatten().tolist() == ([0, 4] if names[0] == "age" else [3, 7])
    assert tensors["codes"].dtype is torch.int64


def test_inputs_without_names_go_by_their_place() -> None:
    layout = fitted(INPUTS, parts(("0", (1,)), ("1", (3,))), "model.pt2")
    assert [part.name for part in layout.parts] == ["0", "1"]
    args, named = of_parts(layout.parts, np.ones((2, 4), np.float32), "model.pt2", CPU)
    assert [tensor.dtype for tensor in args] == [torch.float32, torch.int64]
    assert named == {}


@pytest.mark.parametrize(
    ("value", "holds"), [(2**24 - 1, True), (2**24, False), (0.5, False), (np.nan, False), (-3, True)]
)
def test_whole_numbers_arrive_whole_or_not_at_all(value: float, holds: bool) -> None:
    layout = parts(("codes", (1,)))
    whole = fitted([Input("codes", "int64", (1,))], layout, "model.pt2").parts
    features = np.array([[value]], np.float32)
    if holds:
        assert of_parts(whole, features, "model.pt2", CPU)[1]["codes"].item() == value
    else:
        with pytest.raises(InputError, match=r"model.pt2 takes whole numbers.* as codes, and some features are"):
            of_parts(whole, features, "model.pt2", CPU)
