"""Tensors are read without running anything, and what is no plain tensor is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.data.reading import opened, refusal, says
from tests.data.writing import write_safetensors, write_torch

X, Y = torch.ones(4, 2), torch.tensor([0, 1, 0, 1])


@pytest.mark.parametrize(
    ("saved", "parts"),
    [
        ([X, Y], ["holds a list; expected a dict of tensors", "torch.save"]),
        (X, ["holds a Tensor; expected a dict"]),
        ({"x": X}, ['no array "y"', 'its arrays are "x"']),
        ({"x": X.to_sparse(), "y": Y}, ['tensor "x" holds no plain dense numbers']),
        ({"x": X.to(torch.complex64), "y": Y}, ['array "x" holds complex64; expected numbers']),
        ({"x": X, "y": torch.tensor(1)}, ['array "y" has shape (); expected (rows,)']),
        ({"x": X[:0], "y": Y[:0]}, ["has no rows"]),
        ({"x": X, "y": X}, ["row 1", "one 1 and else 0"]),
        ({"x": torch.empty(4, 2, device="meta"), "y": Y}, ['tensor "x" holds no plain dense numbers']),
        (
            {"x": X, "y": torch.zeros(1).expand(10**12)},
            ['"y"', "shows 1 numbers as 1,000,000,000,000 (it was expanded)"],
        ),
        ({"x": torch.zeros(2).expand(2**24, 2), "y": Y}, ['"x"', "save", "contiguous_format"]),
        ({"x": X, "y": Y, "z": {2**61 * n - n: 0 for n in range(1, 3000)}}, ["would take for ever to read"]),
        (nn.Linear(1, 1), ["holds more than tensors, which is not loaded since that could run code"]),
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_what_cannot_be_used_says_so(tmp_path: Path, saved: object, parts: list[str], zipped: bool) -> None:
    torch.save(saved, tmp_path / "t.pt", _use_new_zipfile_serialization=zipped)
    assert says(refusal(test=tmp_path / "t.pt"), ["t.pt", *parts])


def test_code_in_a_file_of_tensors_is_never_run(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[object, tuple[str, ...]]:
            return Path.touch, (tmp_path / "code-was-run",)  # type: ignore[return-value]

    torch.save({"x": X, "y": Y, "z": Payload()}, tmp_path / "t.pt")
    refusal(test=tmp_path / "t.pt")
    assert not (tmp_path / "code-was-run").exists()


@pytest.mark.parametrize("write", [write_torch, write_safetensors])
def test_a_file_cut_short_is_one_clear_error(tmp_path: Path, write: object) -> None:
    path = write(tmp_path / "t", x=np.ones((50, 3), np.float32), y=np.arange(50) % 2)  # type: ignore[operator]
    path.write_bytes(path.read_bytes()[:-40])
    assert says(refusal(test=path), ["t ", "copy or write it again"])


def test_other_values_beside_the_tensors_are_left_alone(tmp_path: Path) -> None:
    torch.save({"x": X, "y": Y, "made": "2026-01-01", 7: [1]}, tmp_path / "t.pt")
    assert opened(test=tmp_path / "t.pt").test.n_rows == 4


def test_a_tensor_that_repeats_a_few_numbers_is_read_where_they_are_not_many(tmp_path: Path) -> None:
    torch.save({"x": X[:1].expand(4, 2), "y": Y}, tmp_path / "t.pt")
    assert opened(test=tmp_path / "t.pt").test.n_rows == 4


def test_weights_given_as_data_are_told_to_be_a_model(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "t.pt")
    assert says(refusal(test=tmp_path / "t.pt"), ['holds no array "y"', "weights of a model, give them as MODEL"])
