"""A small network, a folder with its code, and what a payload would leave behind."""

from pathlib import Path

import pytest
import torch

from tests.models.saving import NET, Net


@pytest.fixture
def net() -> Net:
    torch.manual_seed(0)
    return Net().eval()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the model's code in net.py."""
    (tmp_path / "net.py").write_text(NET, "utf-8")
    return tmp_path


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """What a payload would create."""
    return tmp_path / "code-was-run"
