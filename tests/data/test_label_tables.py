"""Rows that may have several labels: columns of 0 and 1 in tables, y of an npz, scores and decisions beside them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from auditor.batches import OutputKind
from auditor.errors import InputError, UsageError
from tests.data.reading import npz, opened, parquet, text

TABLE = "sunny,rainy,p_sunny,p_rainy\n1,0,.9,.2\ntrue,False,.4,.1\n,1,.3,.8\n"
LABELS = ("sunny", "rainy")


def batch_of(splits, size=100):
    (shard,) = splits.test.shards()
    (batch,) = shard.batches(size)
    return batch


def test_truth_stands_in_one_column_a_label_and_an_empty_cell_is_unknown(tmp_path: Path) -> None:
    splits = opened(predictions=text(tmp_path / "t.csv", TABLE), labels=LABELS)
    batch = batch_of(splits)
    assert splits.multilabel
    assert splits.class_names == LABELS
    assert batch.labels.tolist() == [[1, 0], [1, 0], [-1, 1]]
    assert batch.label_scores.outputs.tolist() == [[0.9, 0.2], [0.4, 0.1], [0.3, 0.8]]
    assert batch.label_scores.kind is OutputKind.SIGMOID
    assert batch.label_scores.given.tolist() == [[True, False], [False, False], [False, True]]


def test_labels_are_found_where_every_score_has_its_column_and_there_is_no_label_column(tmp_path: Path) -> None:
    splits = opened(predictions=text(tmp_path / "t.csv", TABLE))
    assert splits.class_names == LABELS
    assert splits.class_names_from == "the columns that have a column p_… beside them (guessed)"
    one_class = "label,a,b,p_a,p_b\na,1,0,.9,.1\nb,0,1,.2,.8\n"
    assert not opened(predictions=text(tmp_path / "u.csv", one_class)).multilabel


def test_parquet_booleans_and_numbers_read_as_the_text_of_csv_does(tmp_path: Path) -> None:
    columns = {"a": [True, False, None], "b": [1.0, 0.0, 1.0], "p_a": [0.9, 0.1, 0.5], "p_b": [0.8, 0.2, 0.6]}
    splits = opened(predictions=parquet(tmp_path / "t.parquet", columns), labels=("a", "b"))
    assert batch_of(splits).labels.tolist() == [[1, 1], [0, 0], [-1, 1]]


def test_decisions_outrank_scores_and_may_stand_alone(tmp_path: Path) -> None:
    both = "a,b,p_a,p_b,predicted_a,predicted_b\n1,0,.9,.9,0,1\n"
    assert batch_of(
        opened(predictions=text(tmp_path / "t.csv", both), labels=("a", "b"))
    ).label_scores.given.tolist() == [[False, True]]
    alone = "a,b,predicted_a,predicted_b\n1,0,0,1\n0,,1,\n"
    batch = batch_of(opened(predictions=text(tmp_path / "u.csv", alone), labels=("a", "b")))
    assert batch.label_scores.kind is OutputKind.PREDICTED
    assert batch.label_scores.given[:, 0].tolist() == [False, True]


def test_logits_and_thresholds_are_read_for_each_label(tmp_path: Path) -> None:
    table = text(tmp_path / "t.csv", "a,b,p_a,p_b\n1,0,2.5,-3\n0,1,0.5,-1\n")
    said = batch_of(opened(predictions=table, labels=("a", "b"), thresholds={"a": 0.9}, threshold=0.2)).label_scores
    assert said.kind is OutputKind.LOGITS
    assert said.thresholds == (0.9, 0.2)
    assert said.given.tolist() == [[True, False], [False, True]]


def test_any_cut_reads_the_same_rows(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    lines = [f"{draw.integers(2)},{draw.integers(2)},{draw.random():.4f},{draw.random():.4f}" for _ in range(23)]
    path = text(tmp_path / "t.csv", "\n".join(["a,b,p_a,p_b", *lines]) + "\n")
    (shard,) = opened(predictions=path, labels=("a", "b")).test.shards()
    whole = next(iter(shard.batches(100)))
    parts = list(shard.batches(4))
    np.testing.assert_array_equal(np.concatenate([part.labels for part in parts]), whole.labels)
    np.testing.assert_array_equal(np.concatenate([part.said.outputs for part in parts]), whole.said.outputs)
    np.testing.assert_array_equal(np.concatenate([part.row_key for part in parts]), whole.row_key)


def test_a_table_of_features_leaves_the_labels_out(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "age,a,height,b\n30,1,1.7,0\n40,0,1.8,\n")
    splits = opened(test=path, labels=("b", "a"))
    batch = batch_of(splits)
    assert splits.test.feature_names == ("age", "height")
    assert batch.labels.tolist() == [[0, 1], [-1, 0]]
    with pytest.raises(UsageError, match='names the label column "a": a model that reads the answer cannot be judged'):
        opened(test=path, labels=("a", "b"), features=("age", "a"))


def test_y_of_an_npz_is_a_column_a_label(tmp_path: Path) -> None:
    path = npz(tmp_path / "t.npz", x=np.zeros((3, 2)), y=np.array([[1, 0], [np.nan, 1], [0, 0]]))
    assert batch_of(opened(test=path, labels=LABELS)).labels.tolist() == [[1, 0], [-1, 1], [0, 0]]
    marked = npz(tmp_path / "u.npz", x=np.zeros((2, 2)), y=np.array([[1, -1], [0, 1]]))
    assert batch_of(opened(test=marked, labels=LABELS, ignore_index=-1)).labels.tolist() == [[1, -1], [0, 1]]


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("a,b,p_a,p_b\n1,0,.5,.5\n2,0,.5,.5\n", r'row 2 \(line 3\): expected 0 or 1 in column "a", found "2"'),
        ("a,b,p_a\n1,0,.5\n", 'has "p_a" and no "p_b"; give each label one, or leave the label out'),
        ("a,b\n1,0\n", 'has neither scores nor decisions; expected p_LABEL or predicted_LABEL for each of "a", "b"'),
        ("a,p_a,p_b\n1,.5,.5\n", 'has no label column "b"'),
        ("a,b,p_a,p_b\n,,.5,.5\n", "has no row with a label"),
        ("a,b,predicted_a,predicted_b\n1,0,1,\n", "the decision is empty; expected 0 or 1"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, table: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        batch_of(opened(predictions=text(tmp_path / "t.csv", table), labels=("a", "b")))


@pytest.mark.parametrize(
    ("y", "complaint"),
    [
        (np.zeros((3, 3)), r'has shape \(3, 3\); expected numbers \(rows, 2\), a column for each of "sunny", "rainy"'),
        (np.array([[0, 1], [1, 2], [0, 0]]), r'row 2, label "rainy": expected 0 or 1, found 2'),
        (np.full((3, 2), np.nan), "has no row with a label"),
    ],
)
def test_a_y_that_is_no_matrix_of_labels_is_refused(tmp_path: Path, y: np.ndarray, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        batch_of(opened(test=npz(tmp_path / "t.npz", x=np.zeros((3, 2)), y=y), labels=LABELS))


def test_images_may_have_several_labels(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    for i in range(5):
        Image.fromarray(draw.integers(0, 255, (4, 4, 3), np.uint8)).save(tmp_path / f"{i}.png")
    lines = [f"{i}.png,{i % 2},{'' if i == 3 else 1}" for i in range(5)]
    path = text(tmp_path / "t.csv", "\n".join(["image,a,b", *lines]) + "\n")
    (shard,) = opened(test=path, labels=("a", "b"), image={"column": "image"}).test.shards()
    parts = list(shard.batches(2))
    assert [part.features.shape for part in parts if part.features is not None] == [
        (2, 3, 4, 4),
        (2, 3, 4, 4),
        (1, 3, 4, 4),
    ]
    assert np.concatenate([part.labels for part in parts]).tolist() == [[0, 1], [1, 1], [0, 1], [1, -1], [0, 1]]


def test_rows_of_several_labels_without_their_names_are_told_how_to_name_them(tmp_path: Path) -> None:
    path = npz(tmp_path / "t.npz", x=np.zeros((2, 2)), y=np.array([[1, 1], [0, 1]]))
    with pytest.raises(InputError, match="if a row can have several labels, name them with --labels"):
        opened(test=path)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"labels": ("a", "a")}, 'labels names "a" twice'),
        ({"labels": ("a",)}, "labels names 1; expected 2 to 256: for one of two classes name its column with --target"),
        ({"labels": ("a", "b"), "positive": "a"}, "`positive` is for rows that have one class each"),
        ({"labels": ("a", "b"), "predicted": "c"}, "decisions stand in columns predicted_LABEL"),
        ({"labels": ("a", "b"), "thresholds": {"c": 0.5}}, 'names "c", which is no label; the labels are "a", "b"'),
        ({"thresholds": {"a": 0.5}}, "is for labels; name them with --labels"),
        ({"labels": ("a", "b"), "output_kind": "log-probabilities"}, "with labels expected logits or sigmoid"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(tmp_path: Path, settings: dict, complaint: str) -> None:
    path = text(tmp_path / "t.csv", "a,b,p_a,p_b\n1,0,.5,.5\n")
    with pytest.raises(UsageError, match=complaint):
        opened(predictions=path, **settings)
