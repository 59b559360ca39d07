"""Devices by name, and threads."""

import pytest
import torch

from auditor.devices import chosen_device, use_threads
from auditor.errors import UsageError


def test_the_cpu_is_always_there() -> None:
    assert chosen_device("cpu") == torch.device("cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_device_that_is_not_there_is_a_usage_error() -> None:
    assert chosen_device("auto").type in ("cpu", "mps")
    with pytest.raises(UsageError, match=r"--device cuda:1: PyTorch .* sees 0 CUDA devices here; choose --device cpu"):
        chosen_device("cuda:1")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="needs a machine without MPS")
def test_mps_elsewhere_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="this machine has no MPS device"):
        chosen_device("mps")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_auto_takes_cuda() -> None:
    assert chosen_device("auto") == chosen_device("cuda") == torch.device("cuda:0")


def test_one_core_is_left_to_reading_and_a_stated_number_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    try:
        assert use_threads(2) == torch.get_num_threads() == 2
        for cores, threads in ((1, 1), (2, 1), (4, 2), (16, 2)):  # never more than PyTorch has
            monkeypatch.setattr("auditor.devices._cores", lambda cores=cores: cores)
            torch.set_num_threads(2)
            assert use_threads(None) == torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
