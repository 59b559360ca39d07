"""One table, or one pair of arrays, arrives as the same rows from every format."""

import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from safetensors.torch import save_file

from auditor.data.folders import content_hash
from tests.data.reading import batches, features, labels, opened, refusal, row_keys, says, scores
from tests.data.writing import ARRAYS, TABLES, write_torch

N = 11
TABLE = pa.table(
    {
        "a": pa.array([None if i == 4 else i / 4 for i in range(N)], pa.float64()),
        "b": pa.array([i % 2 == 0 for i in range(N)]),
        "c": pa.array(["xyz"[i % 3] for i in range(N)]),
        "label": pa.array([None if i == 7 else "good" if i % 3 else "bad" for i in range(N)]),
    }
)
X = np.random.default_rng(0).normal(size=(7, 3, 2)).astype(np.float32)


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_gives_the_same_rows_in_every_format(tmp_path: Path, kind: str) -> None:
    path = TABLES[kind](TABLE, tmp_path / "data")
    test = opened(test=path, categories={"c": ("x", "y", "z")}).test
    expected = [[np.nan if i == 4 else i / 4, i % 2 == 0, i % 3] for i in range(N)]
    np.testing.assert_array_equal(features(test, 4), np.array(expected, np.float32))
    assert labels(test, 4) == [-1 if i == 7 else int(i % 3 > 0) for i in range(N)]
    assert row_keys(test, 4) == list(range(N))
    assert (test.n_rows, test.feature_names) == (N, ("a", "b", "c"))
    assert test.sha256 == content_hash(path)


@pytest.mark.parametrize("kind", TABLES)
def test_numbers_are_labels_and_categories_in_every_format(tmp_path: Path, kind: str) -> None:
    table = pa.table({"code": pa.array([10, 20, 30] * 3), "label": pa.array([0, 1, 1] * 3)})
    test = opened(test=TABLES[kind](table, tmp_path / "data"), categories={"code": ("10", "20", "30")}).test
    assert features(test)[:, 0].tolist() == [0, 1, 2] * 3
    assert labels(test) == [0, 1, 1] * 3
    assert test.class_names == ("0", "1")


@pytest.mark.parametrize("kind", TABLES)
def test_predictions_stand_in_every_format(tmp_path: Path, kind: str) -> None:
    table = pa.table({"label": [True, False, True, False], "p_true": [0.9, 0.2, 0.4, 0.5]})
    splits = opened(predictions=TABLES[kind](table, tmp_path / "data"), positive="true")
    found = np.concatenate([batch.scores.probabilities[:, 1] for batch in batches(splits.test) if batch.scores])
    np.testing.assert_allclose(found, [0.9, 0.2, 0.4, 0.5])
    assert labels(splits.test) == [1, 0, 1, 0]
    assert splits.class_names == ("False", "True")


@pytest.mark.parametrize("kind", TABLES)
def test_shards_of_every_format_travel_to_other_processes(tmp_path: Path, kind: str) -> None:
    for shard in opened(test=TABLES[kind](TABLE.select(["a", "label"]), tmp_path / "data")).test.shards():
        copy = pickle.loads(pickle.dumps(shard))  # noqa: S301  (our own)
        assert [batch.labels.tolist() for batch in copy.batches(3)] == [b.labels.tolist() for b in shard.batches(3)]


@pytest.mark.parametrize("kind", TABLES)
def test_a_label_that_is_no_class_is_found_with_its_row(tmp_path: Path, kind: str) -> None:
    table = pa.table({"a": range(9), "label": list("xyxyxyxyz")})
    message = refusal(test=TABLES[kind](table, tmp_path / "data"), classes=("x", "y"), positive="x")
    row = 3 if "folder" in kind else 4 if kind == "hugging face" else 9
    assert says(message, [f"row {row}", 'label "z" is none of the classes "x", "y"'])


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([0, 1, 1, 0, 1, 0, 0], [0, 1, 1, 0, 1, 0, 0]),
        ([True, False, True, False, True, False, True], [1, 0, 1, 0, 1, 0, 1]),
        ([1.0, 2.0, np.nan, 1.0, 1.0, 1.0, 2.0], [0, 1, -1, 0, 0, 0, 1]),
        (np.eye(2, dtype=np.uint8)[[0, 1, 1, 0, 1, 0, 0]], [0, 1, 1, 0, 1, 0, 0]),
        (np.eye(2, dtype=bool)[[0, 1, 1, 0, 1, 0, 0]], [0, 1, 1, 0, 1, 0, 0]),
    ],
)
def test_arrays_give_the_same_rows_in_every_format(tmp_path: Path, kind: str, y: object, expected: list[int]) -> None:
    test = opened(test=ARRAYS[kind](tmp_path / "data", x=X, y=y)).test
    np.testing.assert_array_equal(features(test, 3), X)
    assert labels(test, 3) == expected
    assert (test.n_rows, test.feature_shape, test.format) == (7, (3, 2), kind.partition(",")[0])


@pytest.mark.parametrize("kind", ARRAYS)
def test_arrays_have_the_names_that_the_configuration_gives(tmp_path: Path, kind: str) -> None:
    path = ARRAYS[kind](tmp_path / "data", images=X.astype(np.uint8), digits=np.arange(7) % 2)
    assert labels(opened(test=path, x="images", y="digits").test) == [0, 1, 0, 1, 0, 1, 0]


def test_half_precision_of_every_kind_is_read(tmp_path: Path) -> None:
    for dtype in (torch.float16, torch.bfloat16):
        tensors = {"x": torch.tensor([[1.5], [2.0]]).to(dtype), "y": torch.tensor([0, 1])}
        save_file(tensors, tmp_path / f"{dtype}.safetensors")
        torch.save(tensors, tmp_path / f"{dtype}.pt")
        for end in ("safetensors", "pt"):
            assert features(opened(test=tmp_path / f"{dtype}.{end}").test).tolist() == [[1.5], [2.0]]


def test_splits_may_come_in_different_formats(tmp_path: Path) -> None:
    test = TABLES["parquet"](TABLE.select(["a", "label"]), tmp_path / "test")
    train = TABLES["folder of json lines"](TABLE.select(["a", "label"]), tmp_path / "train")
    splits = opened(test=test, train=train)
    assert splits.train is not None
    np.testing.assert_array_equal(features(splits.train), features(splits.test))
    first = opened(
        test=write_torch(tmp_path / "x.pt", x=X, y=[0, 1] * 3 + [0]),
        train=ARRAYS["npz"](tmp_path / "y", x=X, y=[0, 1] * 3 + [1]),
    )
    assert first.train is not None


def test_a_single_score_is_read_from_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"label": 0, "score": 0.25}\n{"label": 1, "score": 1}\n')
    assert scores(opened(predictions=path, positive="1").test).probabilities[:, 1].tolist() == [0.25, 1]
