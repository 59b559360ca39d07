"""One forward pass: what models return, what becomes of it, and PyTorch's errors turned into help."""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor, nn

from auditor.errors import InputError, UsageError
from auditor.models import OutOfMemory
from auditor.models.forward import Forward

CPU = torch.device("cpu")
ROWS = np.arange(20, dtype=np.float32).reshape(5, 4)


def forward(call: Callable[[Tensor], object], **options: Any) -> Forward:
    return Forward("model.pt", call, CPU, **options)


@dataclass
class ModelOutput:
    hidden: Tensor
    Probs: Tensor


class Pair(NamedTuple):
    first: Tensor
    second: int


@pytest.mark.parametrize(
    ("call", "remark"),
    [
        (lambda x: x[:, :2], ""),
        (lambda x: {"loss": x.sum(), "hidden": x, "logits": x[:, :2]}, "`logits` is read"),
        (lambda x: SimpleNamespace(logits=x[:, :2], hidden=x), "`logits` is read"),
        (lambda x: {"only": x[:, :2]}, "several values; `only` is read, as its form tells"),
        (lambda x: (x.sum(), x[:, :2], x[:, 0].long()), "`1` is read"),
        (lambda x: [None, {"a": "text", "b": x[:, :2]}], "`1.b` is read"),
        (lambda x: ModelOutput(hidden=x, Probs=x[:, :2]), "`Probs` is read"),
        (lambda x: Pair(x[:, :2], len(x)), "`first` is read"),
        (lambda x: {"aux_logits": x, "scores": x[:, :2]}, "`scores` is read"),
        (lambda x: (x[:, :2].numpy(), "text"), "`0` is read"),
        (lambda x: x[:, :2, None, None], ""),
    ],
)
def test_scores_are_found_in_what_the_model_returns(call: Callable[[Tensor], object], remark: str) -> None:
    run = forward(call)
    for n in (5, 1):
        np.testing.assert_array_equal(run(ROWS[:n]), ROWS[:n, :2])
    assert (len(run.remarks()) == 0) == (remark == "")
    if remark:
        with pytest.raises(AssertionError, match=remark):
            raise AssertionError(run.remarks()[0])


@pytest.mark.parametrize("output", ["b.1", "b.0", "a", "1", "0"])
def test_the_output_that_is_asked_for_is_read(output: str) -> None:
    run = forward(lambda x: {"a": x * 2, "b": (x * 3, x * 4)} if output != "1" else (x * 2, x * 3), output=output)
    factor = {"b.1": 4, "b.0": 3, "a": 2, "1": 3, "0": 2}[output]
    np.testing.assert_array_equal(run(ROWS), ROWS * factor)
    place = "a" if output == "0" else output
    assert run.remarks() == (f"the model returns several values; `{place}` is read, as --output asks",)


def test_several_values_that_could_be_scores_are_listed_and_none_is_guessed() -> None:
    with pytest.raises(InputError) as caught:
        forward(lambda x: {"a": x, "b": x[:, :2], "n": x.argmax(1)})(ROWS)
    assert str(caught.value) == (
        "model.pt returns several values that could be scores: `a` float32 (5, 4), `b` float32 (5, 2), `n` int64 (5,); "
        "say which one they are with --output a"
    )
    with pytest.raises(UsageError, match=r"--output c: .* returns `a` float32 \(5, 4\), `b`"):
        forward(lambda x: {"a": x, "b": x}, output="c")(ROWS)
    np.testing.assert_array_equal(forward(lambda x: x, output="0")(ROWS), ROWS)


def test_what_was_guessed_on_the_first_rows_holds_for_the_rest() -> None:
    run = forward(lambda x: (x[:, :2], torch.ones(4, 3)))
    run(ROWS)
    np.testing.assert_array_equal(run(ROWS[:4]), ROWS[:4, :2])


@pytest.mark.parametrize("call", [lambda x: x[:, 0], lambda x: x[:, :1], lambda x: x[:, :1].squeeze()])
def test_one_score_a_row_is_one_column_for_a_single_row_too(call: Callable[[Tensor], Tensor]) -> None:
    for options in ({}, {"fewest": 1, "most": 1}):
        run = forward(call, **options)
        for n in (5, 1):
            np.testing.assert_array_equal(run(ROWS[:n]), ROWS[:n, :1])


def test_a_squeezed_row_of_a_one_row_program_keeps_its_classes() -> None:
    np.testing.assert_array_equal(forward(lambda x: x[:, :3].squeeze(), fewest=1, most=1)(ROWS), ROWS[:, :3])


@pytest.mark.parametrize(
    ("call", "help_"),
    [
        (lambda x: x.argmax(1), "returned a tensor of int64: scores .* not the classes that were decided"),
        (lambda x: x[:, 0] > 0, "returned a tensor of bool"),
        (lambda x: x.to_sparse(), "returned a sparse_coo tensor of float32"),
        (lambda x: x[:3], r"scores of shape \(3, 4\) for 5 rows: \(5, classes\) or \(5,\) was expected"),
        (lambda x: x[:, None, :], r"scores of shape \(5, 1, 4\)"),
        (lambda x: x[:, :0], r"scores of shape \(5, 0\)"),
        (lambda x: x.sum(), r"scores of shape \(\)"),
        (lambda x: (x.sum(), "text"), r"returned `0` float32 \(\) for 5 rows"),
        (lambda x: {"classes": x.argmax(1)}, "returned a tensor of int64: scores .* not the classes that were decided"),
        (lambda _: None, "returned a NoneType for 5 rows"),
    ],
)
def test_what_is_no_score_a_row_is_refused_in_one_line(call: Callable[[Tensor], object], help_: str) -> None:
    with pytest.raises(InputError, match=help_) as caught:
        forward(call)(ROWS)
    assert "\n" not in str(caught.value)


class Keywords(nn.Module):
    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        return features * mask


@pytest.mark.parametrize(
    ("module", "rows", "help_"),
    [
        (nn.Sequential(nn.Linear(3, 2)), ROWS, "on rows of 4 features: a layer of it takes 3 values and was given 4"),
        (nn.Conv2d(3, 1, 1), np.ones((5, 1, 2, 2), np.float32), "first convolution takes 3 channels and was given 1"),
        (nn.Conv2d(1, 1, 1), ROWS, "its conv2d takes rows with more dimensions"),
        (nn.Embedding(5, 2), ROWS, r"whole numbers; convert them in its `forward`"),
        (nn.Embedding(5, 2), ROWS.astype(np.int64), "category code lies outside its embedding"),
        (Keywords(), ROWS, "`forward` needs more than the features: 'mask'"),
        (lambda _: 1 / 0, ROWS, "failed on rows of 4 features: ZeroDivisionError: division by zero; run the model"),
    ],
)
def test_errors_of_pytorch_become_help(module: Callable[[Tensor], object], rows: np.ndarray, help_: str) -> None:
    with pytest.raises(InputError, match=help_) as caught:
        forward(module)(rows)
    assert str(caught.value).startswith("model.pt ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("MPS backend out of memory (MPS"),
    ],
)
def test_a_full_device_asks_for_fewer_rows(error: Exception) -> None:
    def call(_: Tensor) -> object:
        raise error

    with pytest.raises(OutOfMemory):
        forward(call)(ROWS)


def test_outputs_that_are_not_finite_are_kept() -> None:
    outputs = forward(lambda x: x / 0)(ROWS)
    assert not np.isfinite(outputs[0, 0])
    assert np.isinf(outputs[1]).all()


def test_half_precision_outputs_come_as_single() -> None:
    assert forward(lambda x: x.half())(ROWS).dtype == np.float32
    assert forward(lambda x: x.bfloat16())(ROWS).dtype == np.float32
    assert forward(lambda x: x.double())(ROWS).dtype == np.float64


def test_read_only_transposed_and_double_arrays_are_taken() -> None:
    run = forward(lambda x: x)
    fixed = ROWS.copy()
    fixed.flags.writeable = False
    for rows in (fixed, np.asfortranarray(ROWS), ROWS.astype(np.float64), ROWS.astype(np.uint8)):
        for _ in range(2):
            outputs = run(rows)
            assert outputs.dtype == np.float32
            np.testing.assert_array_equal(outputs, ROWS)


def test_a_change_in_place_that_starts_late_is_an_error_and_not_silence() -> None:
    def call(features: Tensor) -> Tensor:
        return features.mul_(2) if features[0, 0] > 0 else features + 0

    run = forward(call)
    run(ROWS[:2])
    with pytest.raises(InputError, match="changes its inputs in place for some batches only"):
        run(ROWS[2:])


NET = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3)).eval()


@given(
    arrays(np.float32, st.tuples(st.integers(1, 40), st.just(4)), elements=st.floats(-100, 100, width=32)),
    st.integers(1, 40),
    st.integers(0, 39),
)
def test_scores_do_not_depend_on_how_rows_are_cut(rows: np.ndarray, most: int, fewest: int) -> None:
    whole = forward(NET)(rows)
    cut = forward(NET, most=most, fewest=min(fewest, most))(rows)
    np.testing.assert_allclose(cut, whole, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_forward_pass_on_cuda_gives_the_same_scores() -> None:
    here = forward(NET)(ROWS)
    there = Forward("model.pt", NET.to("cuda"), torch.device("cuda:0"))(ROWS)
    NET.to("cpu")
    np.testing.assert_allclose(there, here, rtol=1e-4, atol=1e-4)
