"""Damaged models end in one clear error: no crash, no hang, no traceback. FUZZ_SECONDS says how long to try, else 60."""

import faulthandler
import os
import pickle
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from safetensors.torch import save
from torch import nn

from auditor.errors import AuditorError
from auditor.models import open_model
from auditor.models.describing import described
from auditor.models.detection import detect
from auditor.models.inspection import shown
from auditor.models.verification import Violation, verify
from tests.fuzz.mutations import bytes_changed, members_changed
from tests.models.onnx_saving import linear
from tests.models.saving import Net, config, exported, saved
from tests.models.verification.crafting import torch_saved
from tests.models.verification.test_architectures import Blocks, Residual

pytestmark = pytest.mark.filterwarnings("ignore")

SECONDS = float(os.environ.get("FUZZ_SECONDS", "60"))
LONGEST_CALL = 20
LONGEST_ERROR = 3000
ROUND = 100
ENDS: Counter[str] = Counter()


@contextmanager
def ending_soon(name: str) -> Iterator[None]:
    """The block ends within LONGEST_CALL seconds; what never ends prints where it stood."""
    faulthandler.dump_traceback_later(3 * LONGEST_CALL, exit=True)
    start = time.monotonic()
    try:
        yield
        ENDS[f"{name}: passes"] += 1
    except (AuditorError, Violation) as error:
        too_long = len(str(error)) > LONGEST_ERROR or "\n" in str(error)
        ENDS[f"{name}: {'no clear line' if too_long else type(error).__name__}"] += 1
    finally:
        faulthandler.cancel_dump_traceback_later()
    assert time.monotonic() - start < LONGEST_CALL
    assert not any("no clear line" in end for end in ENDS)


def rounds(check: Callable[[st.DataObject], None], share: float) -> None:
    """Run a check on drawn data, round after round, for its share of the time."""
    end = time.monotonic() + share * SECONDS
    number = int(os.environ.get("FUZZ_SEED", "0"))
    while time.monotonic() < end:
        quick = settings(
            max_examples=ROUND, deadline=None, database=None, phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        seed(number)(quick(given(st.data())(check)))()
        number += 1
    print(dict(ENDS))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="module")
def programs(folder: Path) -> list[bytes]:
    made = [
        exported(folder / "net.pt2", Net().eval(), torch.ones(2, 4)),
        exported(folder / "residual.pt2", Residual().eval(), torch.ones(2, 1, 16, 16)),
        exported(folder / "blocks.pt2", Blocks().eval(), torch.rand(2, 4)),
    ]
    return [path.read_bytes() for path in made]


def test_damaged_programs(programs: list[bytes], folder: Path) -> None:
    path = folder / "damaged.pt2"

    def check(data: st.DataObject) -> None:
        content = data.draw(st.sampled_from(programs))
        change = data.draw(st.sampled_from((members_changed, members_changed, members_changed, bytes_changed)))
        content = change(content, data)
        with ending_soon("detect and describe"):
            described(content, detect(content).format)
        with ending_soon("verify"):
            verify(content)
            path.write_bytes(content)
            with ending_soon("load what passed"):
                open_model(config(path))

    rounds(check, 0.7)


def test_damaged_files_of_other_kinds(folder: Path) -> None:
    scripted = folder / "scripted.pt"
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), scripted)
    np.savez(folder / "a.npz", x=np.ones((3, 2)), y=np.array([0, 1, 0]))
    files = [
        torch_saved({"state_dict": Net().state_dict(), "epoch": 1, "loss": np.float64(0.5)}),
        saved(folder / "old.pt", Net().state_dict(), _use_new_zipfile_serialization=False).read_bytes(),
        save({"a": torch.ones(2, 3)}, {"format": "pt"}),
        scripted.read_bytes(),
        (folder / "a.npz").read_bytes(),
        linear(folder / "linear.onnx", np.eye(2, dtype=np.float32)).read_bytes(),
        pickle.dumps({"a": [1, 2.5, "x"], "b": (None, {3})}, protocol=4),
    ]
    path = folder / "damaged.bin"

    def check(data: st.DataObject) -> None:
        path.write_bytes(bytes_changed(data.draw(st.sampled_from(files)), data))
        with ending_soon("inspect"):
            shown(path, "text")
        with ending_soon("open"):
            open_model(config(path, model_class="torch.nn:Identity"))

    rounds(check, 0.3)
