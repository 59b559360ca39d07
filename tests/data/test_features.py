"""Which columns are features, and how text becomes numbers."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.data.categories import toml_key, toml_text
from auditor.errors import UsageError
from tests.data.reading import ROWS, STUDENT, features, labels, opened, parquet, refusal, says, text


def test_ids_are_no_features(tmp_path: Path) -> None:
    test = opened(test=text(tmp_path / "test.csv", ROWS), ids=("student",)).test
    assert test.feature_names == ("age",)


def test_an_unnamed_column_can_be_an_id(tmp_path: Path) -> None:
    assert opened(test=text(tmp_path / "t.csv", ",a,label\n0,1,x\n1,2,y\n"), ids=("",)).test.feature_names == ("a",)


def test_stated_features_keep_their_own_order(tmp_path: Path) -> None:
    path = text(tmp_path / "test.csv", "a,b,c,label\n1,2,3,x\n4,5,6,y\n")
    test = opened(test=path, features=("c", "a")).test
    assert test.feature_names == ("c", "a")
    assert features(test).tolist() == [[3, 1], [6, 4]]


def test_columns_of_other_splits_are_matched_by_name(tmp_path: Path) -> None:
    test = text(tmp_path / "test.csv", "a,b,label\n1,2,x\n3,4,y\n")
    train = text(tmp_path / "train.csv", "label,b,a\nx,2,1\ny,4,3\n")
    splits = opened(test=test, train=train, features=("b", "a"))
    assert splits.train is not None
    assert splits.train.feature_names == ("b", "a")
    assert features(splits.train).tolist() == features(splits.test).tolist() == [[2, 1], [4, 3]]
    assert labels(splits.train) == labels(splits.test)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_features_in_another_order_are_refused_with_the_line_that_states_one(tmp_path: Path, split: str) -> None:
    test = text(tmp_path / "test.csv", "a,b c,d,label\n1,2,3,x\n4,5,6,y\n")
    other = text(tmp_path / "other.csv", "label,a,d,b c\nx,1,3,2\ny,4,6,5\n")
    message = refusal(test=test, **{split: other})
    assert says(message, ["other.csv", "another order than", "test.csv", 'first "d" for "b c"', "auditor.toml"])
    stated = tuple(tomllib.loads(message[message.index("features = ") :])["features"])
    assert stated == ("a", "d", "b c")
    assert features(opened(test=test, features=stated, **{split: other}).test).tolist() == [[1, 3, 2], [4, 6, 5]]


def test_where_label_and_ids_stand_among_the_features_does_not_matter(tmp_path: Path) -> None:
    test = text(tmp_path / "test.csv", "id,a,b,label\n7,1,2,x\n8,3,4,y\n")
    train = text(tmp_path / "train.csv", "label,a,id,b\nx,1,7,2\ny,3,8,4\n")
    assert opened(test=test, train=train, ids=("id",)).test.feature_names == ("a", "b")


def test_csv_and_parquet_splits_go_together(tmp_path: Path) -> None:
    test = text(tmp_path / "test.csv", "a,label\n0.1,1\n,0\n")
    train = parquet(tmp_path / "train.parquet", {"a": [0.1, None], "label": [1.0, 0.0]})
    splits = opened(test=test, train=train)
    assert splits.train is not None
    np.testing.assert_array_equal(features(splits.train), features(splits.test))
    assert splits.class_names == ("0", "1")


@pytest.mark.parametrize(
    ("test", "train", "settings", "parts"),
    [
        ("a,b,label\n1,2,x\n", "a,label\n1,x\n", {}, ["train.csv", 'no feature column "b"', "test.csv has it"]),
        ("a,label\n1,x\n", "a,b,label\n1,2,x\n", {}, ["train.csv", "test.csv lacks", '"b"', "ids"]),
        ("a,label\n1,x\n", "a,b\n1,2\n", {}, ["train.csv", 'no label column "label"']),
        ("age,label\n1,x\n", None, {"features": ("agee",)}, ['"agee" (did you mean "age"?)', "correct features"]),
        ("age,label\n1,x\n", None, {"ids": ("agee",)}, ['"agee" (did you mean "age"?)', "correct --id"]),
        ("age,label\n1,x\n", None, {"categories": {"agee": ("a",)}}, ["did you mean", "correct [categories]"]),
    ],
)
def test_columns_that_do_not_fit_are_named(
    tmp_path: Path, test: str, train: str | None, settings: dict[str, object], parts: list[str]
) -> None:
    paths = {"test": text(tmp_path / "test.csv", test)}
    if train is not None:
        paths["train"] = text(tmp_path / "train.csv", train)
    assert says(refusal(**paths, **settings), parts)


def test_the_label_is_never_a_feature(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='names the label column "label"'):
        opened(test=text(tmp_path / "test.csv", "a,label\n1,x\n2,y\n"), features=("a", "label"))


def test_a_table_and_arrays_do_not_go_together(tmp_path: Path) -> None:
    np.savez(tmp_path / "train.npz", x=np.ones((2, 1)), y=[0, 1])
    message = refusal(test=text(tmp_path / "test.csv", "a,label\n1,0\n"), train=tmp_path / "train.npz")
    assert says(message, ["train.npz holds arrays", "test.csv a table", "all splits of one kind"])


def test_a_text_outside_its_categories_is_named_with_its_row(tmp_path: Path) -> None:
    message = refusal(test=text(tmp_path / "test.csv", ROWS + "9,Maybe,bad\n"), categories=STUDENT)
    assert says(
        message, ["row 4 (line 5)", 'column "student"', '"Maybe" is none of "No", "Yes"', "extend [categories]"]
    )


def test_text_without_categories_prints_the_lines_to_add(tmp_path: Path) -> None:
    test = text(tmp_path / "test.csv", 'age,student,"my city",label\n1,No,Bath,x\n2,Yes,York,y\n')
    train = text(tmp_path / "train.csv", 'age,student,"my city",label\n1,No,Ely,x\n2,Yes,"St ""A""",y\n')
    first, *lines = refusal(test=test, train=train).splitlines()
    assert says(first, ["test.csv", 'columns "student", "my city" hold text', "auditor.toml", "order of the codes"])
    assert tomllib.loads("\n".join(lines)) == {
        "categories": {"student": ["No", "Yes"], "my city": ["Bath", "Ely", 'St "A"', "York"]}
    }


def test_the_printed_lines_make_the_table_readable(tmp_path: Path) -> None:
    path = text(tmp_path / "test.csv", ROWS)
    lines = refusal(test=path).splitlines()[1:]
    declared = {name: tuple(values) for name, values in tomllib.loads("\n".join(lines))["categories"].items()}
    assert features(opened(test=path, categories=declared).test)[:, 1].tolist() == [0, 1, 0]


def test_text_of_more_than_fifty_values_is_better_left_out(tmp_path: Path) -> None:
    rows = "".join(f"person {i},{'xy'[i % 2]}\n" for i in range(51))
    message = refusal(test=text(tmp_path / "test.csv", "name,label\n" + rows))
    assert says(message, ['column "name"', "more than 50 different values", 'ids = ["name"]', "features"])


def test_numbers_among_categories_are_categories(tmp_path: Path) -> None:
    path = text(tmp_path / "test.csv", "grade,label\n1,x\n2,y\n1,y\n")
    assert features(opened(test=path, categories={"grade": ("2", "1")}).test).tolist() == [[1], [0], [1]]


@given(st.text())
def test_a_printed_toml_text_reads_back_as_itself(value: str) -> None:
    line = f"{toml_key(value)} = {toml_text(value)}"
    assert tomllib.loads(line) == {value: value}
    assert line.isprintable()
