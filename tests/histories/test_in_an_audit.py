"""A history in an audit: read by what was stated, judged up to the audited epoch, and told in the provenance."""

from pathlib import Path

import pytest

from auditor import Severity, audit
from auditor.config import load_config
from auditor.errors import UsageError
from tests.data.reading import text
from tests.histories.events import event_file, losses

TRAIN = [1, 0.78, 0.62, 0.5, 0.42, 0.35, 0.3, 0.26, 0.22, 0.19, 0.17, 0.15]
RISING = [1, 0.8, 0.65, 0.55, 0.5, 0.52, 0.56, 0.6, 0.66, 0.7, 0.76, 0.8]


def audited(tmp_path: Path, **options):
    table = text(tmp_path / "p.csv", "label,p_a,p_b\n" + "a,0.8,0.2\nb,0.3,0.7\n" * 50)
    given = {"predictions": table, "select": ("loss-curves",), "quiet": True, **options}
    return audit(load_config(given, None, tmp_path))


def test_the_file_its_columns_and_the_audited_epoch_are_told(tmp_path: Path) -> None:
    rows = "\n".join(f"{i},{t},{v}" for i, (t, v) in enumerate(zip(TRAIN, RISING, strict=True), 1))
    report = audited(
        tmp_path, history=text(tmp_path / "h.csv", "epoch,objective,val_loss\n" + rows), history_train="objective"
    )
    (finding,) = (f for f in report.findings if f.check == "loss-curves")
    assert finding.severity is Severity.MAJOR
    assert "taken to be that of the last epoch" in finding.remedy
    settings = report.provenance.settings
    assert (
        settings["training history"] == 'training loss from column "objective"; validation loss from column "val_loss"'
    )
    assert settings["audited epoch"] == "epoch 12 (the last, as none was stated)"
    assert report.history is not None
    assert (report.history.best_epoch, report.history.chance) == (5, pytest.approx(0.6931, abs=1e-4))


def test_the_epoch_that_is_stated_is_the_one_judged(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    event_file(folder / "events.out.tfevents.1", [*losses(TRAIN, "Loss/train"), *losses(RISING, "Loss/val")])
    report = audited(tmp_path, history=folder, epoch=4.0)
    (finding,) = (f for f in report.findings if f.check == "loss-curves")
    assert "the audited model of step 4 is from before that" in finding.message
    assert report.provenance.settings["audited epoch"] == "step 4 (stated)"
    assert report.provenance.data[-1].format == "TensorBoard event files"


def test_an_epoch_without_a_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give --history FILE too"):
        audited(tmp_path, epoch=4.0)
