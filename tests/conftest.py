"""What every test run shares: one thread a process, no display, and how hard hypothesis looks."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from auditor.report import Report

# Set before numpy or torch is imported anywhere: the tests run in as many processes as there are cores, and threads
# that compete for a busy core wait on each other in a spin.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("MPLBACKEND", "Agg")

settings.register_profile("local", deadline=None, max_examples=50)
settings.register_profile(
    "ci", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "local"))


FRAUD = (
    "label,predicted\n"
    + "fraud,fraud\n" * 24
    + "fraud,not fraud\n" * 176
    + "not fraud,fraud\n" * 24
    + "not fraud,not fraud\n" * 9776
)


@pytest.fixture(scope="session")
def fraud_table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10,000 predictions of which 24 of 200 frauds are found, with 24 false alarms."""
    path = tmp_path_factory.mktemp("fraud") / "predictions.csv"
    path.write_text(FRAUD)
    return path


@pytest.fixture(scope="session")
def fraud_report(fraud_table: Path) -> "Report":
    """The report of an audit of these predictions under the preset `fraud`."""
    from auditor.config import load_config
    from auditor.pipeline import audit

    return audit(load_config({"predictions": fraud_table, "preset": "fraud", "quiet": True}, None, fraud_table.parent))
