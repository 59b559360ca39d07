"""Images in folders, in tables and in saved datasets: decoded as torchvision would, and an error for each bad one."""

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image, ImageFile

from auditor.data.images import preparation
from auditor.errors import UsageError
from auditor.settings import ImageSettings
from tests.data.reading import batches, features, labels, npz, opened, parquet, refusal, row_keys, says, text
from tests.data.writing import write_hugging_face, write_stream

RANDOM = np.random.default_rng(0)


def pixels(width: int = 8, height: int = 6) -> Any:
    return RANDOM.integers(0, 256, (height, width, 3), np.uint8)


def png(array: Any) -> bytes:
    file = BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


def save(path: Path, array: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(array))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five images of three classes, and what systems leave beside them."""
    for name in ("cat/2.png", "cat/10.png", "dog/sub/a.png", "10/a.PNG", "10/b.png"):
        save(tmp_path / "images" / name, pixels())
    (tmp_path / "images" / "cat" / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "images" / ".DS_Store").write_bytes(b"x")
    return tmp_path / "images"


def test_folders_are_classes_sorted_as_text_and_files_come_in_the_order_of_their_names(folder: Path) -> None:
    splits = opened(test=folder)
    assert splits.class_names == ("10", "cat", "dog")
    assert splits.class_names_from == "the image folder of test"
    assert labels(splits.test, 2) == [0, 0, 1, 1, 2]
    assert row_keys(splits.test, 2) == [0, 1, 2, 3, 4]
    assert (splits.test.n_rows, splits.test.feature_shape, splits.test.feature_names) == (5, (3, 6, 8), ())
    names = ("10/a.PNG", "10/b.png", "cat/10.png", "cat/2.png", "dog/sub/a.png")
    expected = [np.asarray(Image.open(folder / name)).transpose(2, 0, 1) / np.float32(255) for name in names]
    np.testing.assert_array_equal(features(splits.test, 2), expected)


def test_a_class_without_images_keeps_its_place(folder: Path) -> None:
    (folder / "bird").mkdir()
    splits = opened(test=folder)
    assert splits.class_names == ("10", "bird", "cat", "dog")
    assert labels(splits.test) == [0, 0, 2, 2, 3]


def test_the_classes_of_train_are_the_classes(folder: Path, tmp_path: Path) -> None:
    for name in ("10/x.png", "cat/x.png", "cow/x.png", "dog/x.png"):
        save(tmp_path / "train" / name, pixels())
    splits = opened(test=folder, train=tmp_path / "train")
    assert splits.class_names == ("10", "cat", "cow", "dog")
    assert splits.class_names_from == "the image folder of train"


def test_names_of_the_configuration_and_the_model_come_first(folder: Path) -> None:
    assert labels(opened(test=folder, classes=("dog", "cat", "10")).test) == [2, 2, 1, 1, 0]
    assert labels(opened(("dog", "cat", "10"), test=folder).test) == [2, 2, 1, 1, 0]
    assert says(
        refusal(test=folder, classes=("dog", "cat", "cow")), ['"10/a.PNG"', 'label "10" is none of the classes']
    )


def test_images_are_prepared_as_torchvision_does(tmp_path: Path) -> None:
    """Resize(4), CenterCrop(3), ToTensor, Normalize, step by step with Pillow and numpy."""
    array = pixels(10, 7)
    save(tmp_path / "images" / "a" / "1.png", array)
    save(tmp_path / "images" / "b" / "1.png", pixels(7, 9))
    settings = {"resize": 4, "crop": 3, "mean": (0.5, 0.4, 0.3), "std": (0.2, 0.3, 0.4)}
    test = opened(test=tmp_path / "images", image=settings).test
    small = Image.fromarray(array).resize((5, 4), Image.Resampling.BILINEAR)
    left, top = 1, 0  # round(0.5) is 0
    cropped = np.asarray(small.crop((left, top, left + 3, top + 3)), np.float32) / np.float32(255)
    expected = (cropped - np.array([0.5, 0.4, 0.3], np.float32)) / np.array([0.2, 0.3, 0.4], np.float32)
    np.testing.assert_array_equal(features(test)[0], expected.transpose(2, 0, 1))
    assert test.feature_shape == (3, 3, 3)
    assert test.preparation.startswith(
        "decoded as RGB, resized to a shorter side of 4, bilinear, cropped to the centre 3"
    )


def test_grey_images_have_one_channel(folder: Path) -> None:
    test = opened(test=folder, image={"mode": "L", "resize": (5, 4)}).test
    assert features(test).shape == (5, 1, 5, 4)
    assert preparation(ImageSettings(mode="L")) == "decoded as L, scaled to 0..1, layout CHW"


def test_raw_pixels_and_other_layouts_are_for_models_that_take_them(folder: Path) -> None:
    plain = features(opened(test=folder).test)
    raw = opened(test=folder, image={"white": 255, "layout": "HWC"}).test
    assert raw.feature_shape == (6, 8, 3)
    np.testing.assert_array_equal(features(raw).transpose(0, 3, 1, 2) / np.float32(255), plain)
    grey = opened(test=folder, image={"mode": "L", "layout": "HW"}).test
    assert (features(grey).shape, grey.feature_shape) == ((5, 6, 8), (6, 8))


def in_csv(folder: Path, rows: list[tuple[str, bytes, str]]) -> Path:
    for name, data, _ in rows:
        (folder / name).write_bytes(data)
    return text(folder / "t.csv", "image,id,label\n" + "".join(f"{name},7,{label}\n" for name, _, label in rows))


def in_parquet(folder: Path, rows: list[tuple[str, bytes, str]]) -> Path:
    _, data, targets = zip(*rows, strict=True)
    return parquet(folder / "t.parquet", {"image": pa.array(data, pa.binary()), "label": targets}, row_group_size=2)


def in_hugging_face(folder: Path, rows: list[tuple[str, bytes, str]]) -> Path:
    names, data, targets = zip(*rows, strict=True)
    cells = [{"bytes": content, "path": name} for name, content in zip(names, data, strict=True)]
    return write_hugging_face(pa.table({"image": cells, "label": targets}), folder / "t")


def test_images_are_cut_into_batches_of_one_size(tmp_path: Path) -> None:
    rows = [(f"{i}.png", png(pixels(2, 2)), "ab"[i % 2]) for i in range(100)]
    test = opened(test=in_hugging_face(tmp_path, rows), image={}).test
    assert [len(batch) for shard in test.shards() for batch in shard.batches(40)] == [40, 10, 40, 10]  # two files


def test_settings_of_images_are_refused_for_arrays(tmp_path: Path) -> None:
    path = npz(tmp_path / "t.npz", x=np.ones((2, 3, 4, 4)), y=[0, 1])
    with pytest.raises(UsageError, match=r"holds arrays, on which \[image\] has no effect"):
        opened(test=path, image={})


@pytest.mark.parametrize("write", [in_csv, in_parquet, in_hugging_face])
def test_a_table_may_hold_images_or_their_names(tmp_path: Path, write: Callable[..., Path]) -> None:
    arrays = [pixels() for _ in range(5)]
    rows = [(f"{i}.png", png(array), "ab"[i % 2]) for i, array in enumerate(arrays)]
    test = opened(test=write(tmp_path, rows), image={}).test
    expected = np.stack(arrays).transpose(0, 3, 1, 2) / np.float32(255)
    np.testing.assert_array_equal(features(test, 2), expected)
    assert labels(test, 2) == [0, 1, 0, 1, 0]
    assert row_keys(test, 3) == list(range(5))


def test_a_saved_dataset_says_itself_what_its_images_and_classes_are(tmp_path: Path) -> None:
    cells = [{"bytes": png(pixels()), "path": None} for _ in range(4)]
    table = pa.table({"picture": cells, "label": pa.array([1, 0, -1, 1])})
    described = {"picture": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": ["zebra", "ant"]}}
    splits = opened(test=write_hugging_face(table, tmp_path / "d", described))
    assert splits.class_names == ("zebra", "ant")
    assert splits.class_names_from == "the Hugging Face dataset of test"
    assert labels(splits.test) == [1, 0, -1, 1]
    assert features(splits.test).shape == (4, 3, 6, 8)


def test_the_files_of_a_saved_dataset_must_be_alike(tmp_path: Path) -> None:
    folder = write_hugging_face(pa.table({"a": [1, 2], "label": [0, 1]}), tmp_path / "d")
    write_stream(pa.table({"b": [1], "label": [0]}), folder / "data-00001-of-00002.arrow")
    assert says(refusal(test=folder), ["00001-of-00002.arrow lacks columns that", '"a"'])
    parquet(folder / "data-00001-of-00002.arrow", {"a": [1], "label": [0]})
    assert says(refusal(test=folder), ["00001-of-00002.arrow is Parquet; expected the Arrow file"])


def test_class_labels_may_be_features_as_numbers(tmp_path: Path) -> None:
    table = pa.table({"kind": pa.array([2, 0, 1]), "label": pa.array([0, 1, 1])})
    names = {"_type": "ClassLabel", "names": ["p", "q", "r"]}
    test = opened(test=write_hugging_face(table, tmp_path / "d", {"kind": names, "label": {"_type": "Value"}})).test
    assert features(test)[:, 0].tolist() == [2, 0, 1]
    assert test.class_names == ("0", "1")


@pytest.mark.parametrize(
    ("damage", "parts"),
    [
        (lambda data: data[: len(data) // 2], ["bad.png", "cannot be decoded", "replace it or take it out"]),
        (lambda _: b"", ["bad.png", "is no image of a kind that is read: BMP"]),
        (lambda _: b"%!PS-Adobe-3.0 EPSF-3.0", ["bad.png", "is no image of a kind that is read"]),
        (lambda _: png(pixels(9, 6)), ["bad.png", "9 x 6 pixels where the first image has 8 x 6", "resize or crop"]),
        (lambda _: png(RANDOM.integers(0, 9, (6, 8), np.uint16)), ["bad.png", "more than 8 bits a channel"]),
    ],
)
def test_an_image_that_cannot_be_used_is_named(
    folder: Path, damage: Callable[[bytes], bytes], parts: list[str]
) -> None:
    (folder / "dog" / "bad.png").write_bytes(damage(png(pixels())))
    assert says(refusal(test=folder), ["image 5", *parts])


def test_an_image_cut_short_is_refused_after_a_report_was_printed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint does
    data = png(pixels(40, 40))
    (folder / "cat" / "2.png").write_bytes(data[: len(data) // 2])
    assert says(refusal(test=folder, image={"resize": (4, 4)}), ['"cat/2.png"', "cannot be decoded"])


def test_an_image_smaller_than_the_crop_is_named(folder: Path) -> None:
    assert says(refusal(test=folder, image={"crop": 7}), ["8 x 6 pixels are fewer than the crop of 7 x 7"])


def test_an_image_that_would_fill_the_memory_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)
    assert says(refusal(test=folder), ['"10/a.PNG"', "cannot be decoded", "exceeds limit"])


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("image,label\na.png,x\nb.png,y\n", ["row 2 (line 3)", 'no image file "b.png"', "from the folder of", "t.csv"]),
        ("image,label\na.png,x\npipe,y\n", ["row 2 (line 3)", 'no image file "pipe"']),
        (f"image,label\na.png,x\n{'b' * 5000},y\n", ["row 2 (line 3)", "no image file"]),
        ("image,label\na.png,x\n,y\n", ["row 2 (line 3)", "the image is empty"]),
        ("picture,label\na.png,x\n", ['no image column "image"', "under [image] in auditor.toml"]),
        ("image,label\n1,x\n2,y\n", ['image column "image" holds numbers; expected names of files']),
        ("image,y\na.png,x\n", ['no label column "label"']),
    ],
)
def test_a_table_of_images_says_what_is_wrong(tmp_path: Path, content: str, parts: list[str]) -> None:
    save(tmp_path / "a.png", pixels())
    os.mkfifo(tmp_path / "pipe")
    assert says(refusal(test=text(tmp_path / "t.csv", content), image={}), parts)


def test_an_image_outside_of_any_class_is_refused(folder: Path) -> None:
    save(folder / "loose.png", pixels())
    assert says(refusal(test=folder), ['the image "loose.png" outside of any class folder', "[image] in auditor.toml"])


def test_splits_of_images_must_agree_in_size(folder: Path, tmp_path: Path) -> None:
    for name in ("10", "cat", "dog"):
        save(tmp_path / "train" / name / "a.png", pixels(4, 4))
    message = refusal(test=folder, train=tmp_path / "train")
    assert says(message, ["train holds images of 4 x 4 pixels", "of 8 x 6", "state resize or crop"])


def test_copies_of_images_are_found_by_what_the_model_sees(folder: Path, tmp_path: Path) -> None:
    array = np.asarray(Image.open(folder / "cat" / "2.png"))
    save(tmp_path / "train" / "cat" / "renamed.png", array)
    save(tmp_path / "train" / "dog" / "1.png", pixels())
    splits = opened(test=folder, train=tmp_path / "train", classes=("10", "cat", "dog"))
    assert splits.train is not None
    test, train = (np.concatenate([b.row_hashes for b in batches(split)]) for split in (splits.test, splits.train))
    assert np.isin(test, train).tolist() == [False, False, False, True, False]
