"""What test shares with train, from the files to the report and to overlap.parquet."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pyarrow import parquet

import auditor
from auditor.config import load_config
from auditor.data import open_splits
from auditor.errors import UsageError
from auditor.report import Report
from auditor.resources import folder
from auditor.statistics import Proportion

N_TRAIN, N_TEST, COPIES = 2000, 500, 40
COPIED = np.arange(0, 10 * COPIES, 10)


def features(n: int, seed: int) -> Any:
    return np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32)


def labels(rows: Any, seed: int) -> Any:
    return (rows[:, 0] + np.random.default_rng(seed).normal(size=len(rows)) > 0).astype(int)


class Memory(torch.nn.Module):
    """Right on every row that it was trained on, else the sign of the first feature."""

    def __init__(self, rows: Any, truth: Any) -> None:
        super().__init__()
        self.known = {row.tobytes(): int(label) for row, label in zip(rows, truth, strict=True)}

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        said = [self.known.get(row.tobytes(), int(row[0] > 0)) for row in rows.numpy()]
        return torch.nn.functional.one_hot(torch.tensor(said), 2) * 4.0


def audited(tmp_path: Path, copies: int = COPIES, **settings: Any) -> Report:
    """An audit of a model that knows its training rows, of which test holds some at every tenth row."""
    train, test = features(N_TRAIN, 1), features(N_TEST, 2)
    truth, test_truth = labels(train, 3), labels(test, 4)
    at = COPIED[:copies]
    test[at], test_truth[at] = train[at + 7], truth[at + 7]
    test_truth[at[:2]] = 1 - test_truth[at[:2]]
    given = [[(torch.tensor(x), torch.tensor(y))] for x, y in ((test, test_truth), (train, truth))]
    return auditor.audit(
        Memory(train, truth), given[0], train=given[1], positive="1", out=tmp_path, save_overlap=True, **settings
    )


def test_the_report_holds_every_figure_with_and_without_the_copies(tmp_path: Path) -> None:
    report = audited(tmp_path)
    found = report.overlap
    assert found is not None
    assert (found.n_shared, found.verified, found.refuted, found.same_label) == (COPIES, COPIES, 0, COPIES - 2)
    assert sum(found.by_class.values()) == COPIES
    assert [(pair.test_row, pair.train_row) for pair in found.pairs] == [(i + 1, i + 8) for i in COPIED[:20]]
    by_metric = {row.metric: row for row in found.with_and_without}
    assert by_metric["accuracy"].all_rows == report.measurements["test_as_given"].accuracy
    assert by_metric["accuracy"].without_shared == report.measurements["test"].accuracy
    assert by_metric["balanced_accuracy"].limit == 0.7
    assert by_metric["recall[1]"].without_shared == report.measurements["test"].classes["1"].recall
    every, clean = by_metric["accuracy"].all_rows.value, by_metric["accuracy"].without_shared.value
    assert found.inflation is not None
    assert every is not None
    assert clean is not None
    assert found.inflation.value == pytest.approx(every - clean)
    assert found.verdict_all_rows in {"ready", "needs-review", "not-ready"}


def test_a_condition_may_be_met_with_the_copies_and_not_without(tmp_path: Path) -> None:
    found = audited(tmp_path).overlap
    assert found is not None
    accuracy = found.with_and_without[0]
    bounds = [Proportion(v.k or 0, v.n or 0).lower(0.05) or 0 for v in (accuracy.all_rows, accuracy.without_shared)]
    between = audited(tmp_path, gates=[{"metric": "accuracy", "at_least": sum(bounds) / 2}]).overlap
    assert between is not None
    assert (between.verdict_all_rows, between.verdict_without_shared) == ("ready", "needs-review")


def test_the_file_lists_all_pairs_as_the_report_counts_rows(tmp_path: Path) -> None:
    audited(tmp_path)
    table = parquet.read_table(tmp_path / "overlap.parquet").to_pydict()
    assert table["test_row"] == (COPIED + 1).tolist()
    assert table["train_row"] == (COPIED + 8).tolist()
    assert sum(a != b for a, b in zip(table["test_label"], table["train_label"], strict=True)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["overlap.parquet"]


def test_where_nothing_is_shared_the_file_is_empty(tmp_path: Path) -> None:
    report = audited(tmp_path, copies=0)
    assert report.overlap is not None
    assert (report.overlap.n_shared, report.overlap.with_and_without, report.overlap.pairs) == (0, (), ())
    assert parquet.read_table(tmp_path / "overlap.parquet").num_rows == 0


def test_without_train_there_is_no_list_to_save(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--save-overlap lists the test rows that stand in train"):
        load_config({"model": tmp_path / "m.pt2", "test": tmp_path / "t.csv", "save_overlap": True}, None, tmp_path)


@pytest.mark.parametrize("sample", ["default", "digits", "fashion"])
def test_the_samples_share_no_row(sample: str) -> None:
    config = load_config({}, folder("samples") / sample / "auditor.toml", Path.cwd())
    splits = open_splits(config)
    assert splits.train is not None
    test, train = (
        np.concatenate([batch.row_hashes for shard in split.shards() for batch in shard.batches(4096)])
        for split in (splits.test, splits.train)
    )
    assert len(np.intersect1d(test, train)) == 0
