"""The operators that pass are known, exist, and do nothing beside computing."""

import pytest
import torch

from auditor.models.verification.operators import ATEN, BLOCKS, SYMBOLIC, only_computes


@pytest.mark.parametrize(
    "target",
    [
        "torch.ops.aten.add.Tensor",
        "torch.ops.aten.relu_.default",
        "torch.ops.aten.scaled_dot_product_attention.default",
        "torch.ops.higher_order.wrap_with_set_grad_enabled",
        "_operator.getitem",
        "torch.sym_max",
    ],
)
def test_operators_that_compute_pass(target: str) -> None:
    assert only_computes(target)


@pytest.mark.parametrize(
    "target",
    [
        "torch.ops.aten.from_file.default",
        "torch.ops.aten.save.default",
        "torch.ops.aten._print.default",
        "torch.ops.aten.set_.source_Storage",
        "torch.ops.aten.resize_.default",
        "torch.ops.aten.empty.memory_format",
        "torch.ops.aten.add",
        "torch.ops.aten.add.Tensor.op",
        "torch.ops.aten.add.__class__()",
        "torch.ops.mine.add.Tensor",
        "xtorch.ops.aten.add.Tensor",
        "torch.ops.higher_order.triton_kernel_wrapper_functional",
        "torch.ops.inductor.resize_storage_bytes_.default",
        "torch.load",
        "torch.os.system",
        "_operator.attrgetter",
        "_operator.call",
        "math.factorial",
        "#custom:op",
        "",
    ],
)
def test_everything_else_is_refused(target: str) -> None:
    assert not only_computes(target)


def test_every_name_is_an_operator_of_pytorch() -> None:
    missing = [name for name in sorted(ATEN) if not hasattr(torch.ops.aten, name)]
    assert missing == []


WORDS_OF_DANGER = (
    "file",
    "save",
    "load",
    "print",
    "storage_",
    "resize",
    "sparse",
    "quantize",
    "nested",
    "callback",
    "rpc",
    "seed",
)


def test_no_name_speaks_of_files_storage_or_calls() -> None:
    suspect = {name for name in ATEN if any(word in name for word in WORDS_OF_DANGER)}
    assert suspect <= {"sym_storage_offset", "storage_offset"}


def test_blocks_and_symbols_are_what_pytorch_calls_so() -> None:
    for name in BLOCKS:
        assert hasattr(torch.ops.higher_order, name.rpartition(".")[2])
    for name in SYMBOLIC:
        module, _, last = name.rpartition(".")
        assert hasattr({"torch": torch, "math": __import__("math"), "_operator": __import__("operator")}[module], last)
