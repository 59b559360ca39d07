"""npz files: arrays of any shape, streamed; labels as integers, text or one-hot."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.data.reading import batches, features, labels, npz, opened, refusal, row_keys, says

X = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)


def test_images_keep_their_shape_and_become_single_precision(tmp_path: Path) -> None:
    test = opened(test=npz(tmp_path / "t.npz", x=X, y=[0, 1, 0, 1])).test
    assert features(test, 3).dtype == np.float32
    np.testing.assert_array_equal(features(test, 3), X)
    assert test.feature_shape == (2, 3)
    assert (test.n_rows, test.format, test.feature_names) == (4, "npz", ())
    assert row_keys(test, 3) == [0, 1, 2, 3]


def test_compressed_and_fortran_ordered_arrays_read_alike(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "t.npz", x=np.asfortranarray(X), y=[0, 1, 0, 1])
    np.testing.assert_array_equal(features(opened(test=tmp_path / "t.npz").test, 3), X)


def test_the_configuration_names_the_arrays(tmp_path: Path) -> None:
    path = npz(tmp_path / "t.npz", images=X, digits=[0, 1, 0, 1])
    assert labels(opened(test=path, x="images", y="digits").test) == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([5, 7, 5, 5], [0, 1, 0, 0]),
        ([1.0, 2.0, np.nan, 1.0], [0, 1, -1, 0]),
        ([False, True, False, True], [0, 1, 0, 1]),
        (["a", "b", "", "a"], [0, 1, -1, 0]),
        ([b"a", b"b", b"", b"a"], [0, 1, -1, 0]),
        ([[1], [2], [1], [1]], [0, 1, 0, 0]),
        ([[1, 0], [0, 1], [1, 0], [0, 1]], [0, 1, 0, 1]),
    ],
)
def test_labels_of_every_type_become_classes(tmp_path: Path, y: list[object], expected: list[int]) -> None:
    assert labels(opened(test=npz(tmp_path / "t.npz", x=X, y=y)).test, 3) == expected


def test_integers_stand_for_stated_names_in_their_order(tmp_path: Path) -> None:
    splits = opened(test=npz(tmp_path / "t.npz", x=X, y=[2, 1, 0, 2]), classes=("Shirt", "Bag", "Coat"))
    assert labels(splits.test) == [2, 1, 0, 2]
    assert splits.positive is None


def test_integers_do_not_stand_for_places_where_classes_are_integers(tmp_path: Path) -> None:
    path = npz(tmp_path / "t.npz", x=X, y=[1, 2, 0, 3])
    message = refusal(test=path, classes=("1", "2", "3"))
    assert says(message, ["row 3", 'label "0" is none of the classes "1", "2", "3"'])


def test_ignored_labels_are_left_without_one(tmp_path: Path) -> None:
    path = npz(tmp_path / "t.npz", x=X, y=[0, -100, 1, -100])
    splits = opened(test=path, ignore_index=-100)
    assert splits.class_names == ("0", "1")
    assert labels(splits.test) == [0, -1, 1, -1]


@pytest.mark.parametrize(
    ("arrays", "parts"),
    [
        ({"images": X, "y": [1]}, ['no array "x"', '"images", "y"', 'x = "..."']),
        ({"x": X}, ['no array "y"', 'its arrays are "x"', 'y = "..."']),
        ({"x": X, "y": [0, 1, 0]}, ['"x" has 4 rows and "y" 3', "one label for each row"]),
        ({"x": X[:0], "y": X[:0, 0, 0]}, ["has no rows"]),
        ({"x": X.astype(object), "y": [0, 1, 0, 1]}, ['array "x" holds Python objects', "run code"]),
        ({"x": X, "y": np.array(["a", 1, 2, 3], object)}, ['array "y" holds Python objects']),
        ({"x": X.astype(complex), "y": [0, 1, 0, 1]}, ['array "x" holds complex128; expected numbers']),
        ({"x": X[:, 0, 0], "y": [0, 1, 0, 1]}, ["shape (4,); expected (rows, features)"]),
        ({"x": X, "y": X}, ['"y" has shape (4, 2, 3); expected (rows,) or one-hot']),
        ({"x": X, "y": np.zeros(4, "M8[s]")}, ['"y" holds datetime64[s]; expected integers or text']),
        ({"x": X, "y": [[1, 0], [0, 1], [1, 1], [0, 0]]}, ["row 3", "one 1 and else 0"]),
        ({"x": X, "y": [np.nan] * 4}, ["has no row with a label"]),
    ],
)
def test_what_cannot_be_used_says_so(tmp_path: Path, arrays: dict[str, object], parts: list[str]) -> None:
    assert says(refusal(test=npz(tmp_path / "t.npz", **arrays)), ["t.npz", *parts])


def test_objects_are_refused_before_a_pickle_could_run(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[object, tuple[str, ...]]:
            return Path.touch, (tmp_path / "code-was-run",)  # type: ignore[return-value]

    refusal(test=npz(tmp_path / "t.npz", x=np.array([Payload()] * 2, object), y=[0, 1]))
    assert not (tmp_path / "code-was-run").exists()


def test_splits_must_agree_in_the_shape_of_a_row(tmp_path: Path) -> None:
    test, train = (npz(tmp_path / f"{n}.npz", x=x, y=[0, 1, 0, 1]) for n, x in (("test", X), ("train", X[:, :1])))
    assert says(refusal(test=test, train=train), ["train.npz", "(1, 3)", "test.npz (2, 3)", "the same features"])


def test_an_array_cut_short_is_one_clear_error(tmp_path: Path) -> None:
    path = npz(tmp_path / "whole.npz", x=X, y=[0, 1, 0, 1])
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(tmp_path / "t.npz", "w") as cut:
        cut.writestr("x.npy", whole.read("x.npy")[:-5])
        cut.writestr("y.npy", whole.read("y.npy"))
    assert says(refusal(test=tmp_path / "t.npz"), ["t.npz is not a whole npz file", "copy or write it again"])


def test_a_member_that_is_no_array_is_one_clear_error(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        archive.writestr("x.npy", b"nothing")
        archive.writestr("y.npy", b"nothing")
    assert says(refusal(test=tmp_path / "t.npz"), ["t.npz is not a whole npz file"])


def test_batches_end_with_what_is_left(tmp_path: Path) -> None:
    test = opened(test=npz(tmp_path / "t.npz", x=X, y=[0, 1, 0, 1])).test
    assert [len(batch) for batch in batches(test, 3)] == [3, 1]
