"""Where class names come from, and which class is the positive one."""

from pathlib import Path

import pytest

from auditor.errors import UsageError
from tests.data.reading import labels, opened, text

TEST = "a,label\n1,good\n2,bad\n3,good\n"
TRAIN = "a,label\n1,bad\n2,good\n3,bad\n4,\n"


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    return {"test": text(tmp_path / "test.csv", TEST), "train": text(tmp_path / "train.csv", TRAIN)}


def test_stated_classes_come_first(paths: dict[str, Path]) -> None:
    splits = opened(("x", "y"), **paths, classes=("good", "bad"))
    assert (splits.class_names, splits.class_names_from) == (("good", "bad"), "auditor.toml")
    assert labels(splits.test) == [0, 1, 0]


def test_then_those_of_the_model(paths: dict[str, Path]) -> None:
    splits = opened(("good", "bad", "unsure"), **paths)
    assert (splits.class_names, splits.class_names_from) == (("good", "bad", "unsure"), "id2label of the model")


def test_then_the_label_values_of_all_splits_sorted(paths: dict[str, Path], tmp_path: Path) -> None:
    validation = text(tmp_path / "validation.csv", "a,label\n1,10\n2,9\n")
    splits = opened(**paths, validation=validation)
    assert splits.class_names == ("9", "10", "bad", "good")
    assert splits.class_names_from == "label values of test, train and validation, sorted"
    assert splits.test.class_names == splits.class_names


def test_the_positive_class_can_be_stated(paths: dict[str, Path]) -> None:
    splits = opened(**paths, positive="bad")
    assert (splits.positive, splits.positive_from) == (0, "stated")


@pytest.mark.parametrize("positive", ["1", "1.0"])
def test_a_positive_number_may_be_written_either_way(tmp_path: Path, positive: str) -> None:
    assert opened(test=text(tmp_path / "t.csv", "a,label\n1,0\n2,1\n"), positive=positive).positive == 1


@pytest.mark.parametrize("positive", ["0", "0.0"])
def test_so_may_the_stated_classes_be(tmp_path: Path, positive: str) -> None:
    path = text(tmp_path / "t.csv", "a,label\n1,0\n2,1.0\n")
    splits = opened(test=path, positive=positive, classes=("1.0", "0.0"))
    assert (splits.positive, labels(splits.test)) == (1, [1, 0])


@pytest.mark.parametrize("rows", ["1,0.0\n2,1.0\n3,0.0\n", "1,0\n2,1\n3,0\n", "1,0\n2,1.0\n3,0.0\n"])
def test_stated_names_are_counted_however_they_are_written(tmp_path: Path, rows: str) -> None:
    splits = opened(test=text(tmp_path / "t.csv", "a,label\n" + rows), classes=("1.0", "0.0"))
    assert splits.label_counts == {"test": (1, 2)}
    assert (splits.positive, splits.positive_from) == (0, "the rarer class in test (guessed)")


def test_texts_without_a_value_are_no_classes_and_their_rows_are_counted(tmp_path: Path) -> None:
    splits = opened(test=text(tmp_path / "t.csv", "a,label\n1,x\n2,NA\n3,nan\n4,null\n5,y\n"))
    assert splits.class_names == ("x", "y")
    assert labels(splits.test) == [0, -1, -1, -1, 1]
    assert splits.test.n_rows == 5


def test_but_a_stated_class_may_be_called_so(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "a,label\n1,EU\n2,NA\n3,NA\n4,null\n")
    splits = opened(test=path, classes=("EU", "NA"))
    assert labels(splits.test) == [0, 1, 1, -1]
    assert splits.label_counts == {"test": (1, 2)}


def test_else_it_is_the_rarer_of_two_in_train(paths: dict[str, Path]) -> None:
    splits = opened(**paths)
    assert splits.class_names == ("bad", "good")
    assert (splits.positive, splits.positive_from) == (1, "the rarer class in train (guessed)")
    assert splits.label_counts == {"test": (1, 2), "train": (2, 1)}


def test_without_train_it_is_the_rarer_in_test(paths: dict[str, Path]) -> None:
    splits = opened(test=paths["test"])
    assert (splits.positive, splits.positive_from) == (0, "the rarer class in test (guessed)")


def test_of_two_equally_frequent_classes_it_is_the_second(tmp_path: Path) -> None:
    splits = opened(test=text(tmp_path / "t.csv", "a,label\n1,x\n2,y\n"))
    assert (splits.positive, splits.positive_from) == (
        1,
        "the second class, as both are equally frequent in test (guessed)",
    )


def test_of_more_than_two_classes_none_is_positive_unless_stated(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "a,label\n1,x\n2,y\n3,z\n")
    assert opened(test=path).positive is None
    assert opened(test=path, positive="z").positive == 2


def test_labels_are_counted_only_where_that_decides_something(paths: dict[str, Path]) -> None:
    stated = {"classes": ("bad", "good")}
    assert opened(**paths, **stated, positive="bad").label_counts == {}
    assert opened(**paths, **stated).label_counts == {"train": (2, 1)}


def refused(**settings: object) -> str:
    with pytest.raises(UsageError) as caught:
        opened(**settings)
    return str(caught.value)


def test_a_positive_class_that_is_none_is_refused(paths: dict[str, Path]) -> None:
    message = refused(**paths, positive="fraud")
    assert message == 'the positive class "fraud" is none of the classes "bad", "good"; name one of them'


@pytest.mark.parametrize(
    ("classes", "expected"), [(("a", "b", "a"), 'names "a" twice'), (("a",), 'names only "a"; expected at least two')]
)
def test_stated_classes_are_several_and_differ(paths: dict[str, Path], classes: tuple[str, ...], expected: str) -> None:
    assert expected in refused(**paths, classes=classes)


def test_without_data_there_is_nothing_to_judge() -> None:
    assert "--test FILE, or --predictions FILE" in refused()


def test_splits_without_files_are_none(paths: dict[str, Path]) -> None:
    splits = opened(test=paths["test"])
    assert splits.train is None
    assert splits.validation is None
