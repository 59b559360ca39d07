"""Columns that say how rows count: groups and weights, from every kind of file."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from auditor.data.split import Split
from auditor.errors import UsageError
from auditor.settings import ImageSettings
from tests.data.reading import batches, npz, opened, parquet, refusal, text

TABLE = "age,patient,w,label\n31,7,1.5,good\n42,8,2,bad\n50,7,0,good\n60,,1,bad\n61,,1,bad\n"


def clusters(split: Split, size: int = 1000) -> list[int]:
    return [int(c) for batch in batches(split, size) if batch.cluster is not None for c in batch.cluster]


def weights(split: Split, size: int = 1000) -> list[float]:
    return [float(w) for batch in batches(split, size) if batch.weight is not None for w in batch.weight]


def test_groups_and_weights_are_no_features(tmp_path: Path) -> None:
    test = opened(test=text(tmp_path / "t.csv", TABLE), group="patient", weight="w").test
    assert test.feature_names == ("age",)
    assert weights(test) == [1.5, 2, 0, 1, 1]


def test_rows_of_one_group_share_a_cluster_and_rows_without_one_have_their_own(tmp_path: Path) -> None:
    a, b, again, alone, other = clusters(opened(test=text(tmp_path / "t.csv", TABLE), group="patient", ids=("w",)).test)
    assert a == again
    assert len({a, b, alone, other}) == 4
    assert [cluster % 2 for cluster in (a, b, alone, other)] == [0, 0, 1, 1]


def test_no_batch_has_clusters_or_weights_unless_they_are_declared(tmp_path: Path) -> None:
    test = opened(test=text(tmp_path / "t.csv", TABLE), ids=("patient", "w")).test
    assert [(batch.cluster, batch.weight) for batch in batches(test)] == [(None, None)]


@pytest.mark.parametrize("values", [[7, 8, 7], [7.0, 8.0, 7.0], ["7", "8", "7"]])
def test_a_group_is_the_same_whatever_the_file_writes_it_as(tmp_path: Path, values: list[object]) -> None:
    csv = opened(test=text(tmp_path / "t.csv", "a,g,label\n1,7,x\n2,8,y\n3,7,x\n"), group="g").test
    table = {"a": [1, 2, 3], "g": values, "label": ["x", "y", "x"]}
    arrow = opened(test=parquet(tmp_path / "t.parquet", table, row_group_size=2), group="g").test
    arrays = npz(tmp_path / "t.npz", x=np.ones((3, 1)), y=np.array([0, 1, 0]), g=np.array(values))
    assert clusters(csv) == clusters(arrow) == clusters(opened(test=arrays, group="g").test)


def test_clusters_do_not_depend_on_the_size_of_a_batch(tmp_path: Path) -> None:
    test = opened(test=text(tmp_path / "t.csv", TABLE), group="patient", weight="w").test
    assert clusters(test, 1) == clusters(test, 2) == clusters(test)
    assert weights(test, 2) == weights(test)


def test_tables_of_predictions_have_them_too_and_no_score_is_sought_in_them(tmp_path: Path) -> None:
    path = text(tmp_path / "p.csv", "label,score,g,w\nno,0.1,a,1\nyes,0.8,b,2\n")
    test = opened(predictions=path, group="g", weight="w").test
    assert len(set(clusters(test))) == 2
    assert weights(test) == [1, 2]


def test_arrays_are_named_by_their_keys(tmp_path: Path) -> None:
    path = npz(
        tmp_path / "t.npz", x=np.ones((4, 2)), y=np.array([0, 1, 0, 1]), w=np.arange(4), g=np.array(list("aabb"))
    )
    test = opened(test=path, group="g", weight="w").test
    assert weights(test, 3) == [0, 1, 2, 3]
    assert len(set(clusters(test, 3))) == 2


def test_images_in_a_table_have_them_beside_their_names(tmp_path: Path) -> None:
    for name in "abc":
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / f"{name}.png")
    path = text(tmp_path / "t.csv", "image,label,g,w\na.png,x,1,2\nb.png,y,2,1\nc.png,x,1,0.5\n")
    test = opened(test=path, group="g", weight="w", image=ImageSettings(column="image")).test
    first, second, third = clusters(test, 2)
    assert first == third != second
    assert weights(test, 2) == [2, 1, 0.5]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("-1", 'weight "w" is -1; expected a finite number of at least 0'),
        ("", 'weight "w" is empty or no number'),
        ("inf", 'weight "w" is inf; expected a finite number'),
        ("1e-9", "multiply all by one number"),
        ("heavy", 'expected a number, found "heavy"'),
    ],
)
def test_what_is_no_weight_is_named_with_its_row(tmp_path: Path, cell: str, expected: str) -> None:
    path = text(tmp_path / "t.csv", f"a,w,label\n1,1,x\n2,{cell},y\n3,1,x\n")
    said = refusal(test=path, weight="w")
    assert "row 2" in said
    assert expected in said


def test_a_row_without_label_needs_no_weight(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "a,w,label\n1,1,x\n2,,\n3,2,y\n")
    assert weights(opened(test=path, weight="w").test) == [1, 0, 2]


def test_every_file_of_the_run_needs_the_column(tmp_path: Path) -> None:
    test, train = text(tmp_path / "t.csv", TABLE), text(tmp_path / "train.csv", "age,label\n1,good\n2,bad\n")
    said = refusal(test=test, train=train, group="patient", ids=("w",))
    assert "train.csv" in said
    assert 'has no group column "patient"' in said
    assert "every file of the run needs it" in said


@pytest.mark.parametrize("names", [{"group": "w", "weight": "w"}, {"group": "label"}])
def test_one_column_has_one_meaning(tmp_path: Path, names: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="named twice among target, group, weight and time"):
        opened(test=text(tmp_path / "t.csv", TABLE), **names)


def test_an_array_of_groups_has_one_value_a_row(tmp_path: Path) -> None:
    path = npz(tmp_path / "t.npz", x=np.ones((4, 2)), y=np.array([0, 1, 0, 1]), g=np.arange(3))
    assert "expected (4,), one a row" in refusal(test=path, group="g")
