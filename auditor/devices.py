"""Where the forward pass runs, and on how many threads."""

import os
from typing import TYPE_CHECKING

from auditor.errors import UsageError

if TYPE_CHECKING:
    import torch


def chosen_device(name: str) -> "torch.device":
    """The device of that name; `auto` is CUDA, else MPS, else the CPU.

    UsageError where this machine has no such device.
    """
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    device = torch.device("cuda:0" if name == "cuda" else name)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise UsageError("--device mps: this machine has no MPS device; choose --device cpu")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        found = torch.cuda.device_count()
        raise UsageError(
            f"--device {name}: PyTorch {torch.__version__} sees {found} CUDA devices here; choose --device cpu"
        )
    return device


def use_threads(threads: int | None) -> int:
    """Set and return the number of compute threads.

    By default all cores but one, which reads and converts ahead of the forward pass, and never more than PyTorch
    would take by itself (`OMP_NUM_THREADS`).
    """
    import torch

    chosen = threads or min(torch.get_num_threads(), max(1, _cores() - 1))
    torch.set_num_threads(chosen)
    return chosen


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
