"""Images reach a model as its own image processor makes them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from auditor.batches import Array
from auditor.config import Config
from auditor.data import Splits, open_splits
from auditor.data.images import with_image
from auditor.errors import InputError, UsageError
from auditor.models.files import read_model_file
from auditor.models.hugging_face.images import image_settings
from auditor.settings import ImageSettings
from tests.models.hugging_face.saving import SMALL, edited, named, opened

pytest.importorskip("transformers")

SIZES = ((40, 30), (33, 64), (57, 57), (64, 31))
RAW = {"do_normalize": False, "do_rescale": False}
PROCESSORS: dict[str, tuple[str, dict[str, Any]]] = {
    "ViT": ("ViTImageProcessor", {"size": {"height": 24, "width": 28}}),
    "ViT, nearest": ("ViTImageProcessor", {"size": {"height": 24, "width": 28}, "resample": 0}),
    "ViT, raw": ("ViTImageProcessor", {"size": {"height": 24, "width": 28}, **RAW}),
    "ViT, another scale": ("ViTImageProcessor", {"size": {"height": 24, "width": 28}, "rescale_factor": 1 / 127.5}),
    "ViT of old": ("ViTFeatureExtractor", {"size": 24}),
    "ViT, unnamed": ("", {"size": 24}),
    "ViT, fast": ("ViTImageProcessorFast", {"size": {"height": 24, "width": 24}}),
    "DeiT": ("DeiTImageProcessor", {"size": {"height": 29, "width": 29}, "crop_size": {"height": 24, "width": 20}}),
    "CLIP": ("CLIPImageProcessor", {"size": {"shortest_edge": 28}, "crop_size": {"height": 25, "width": 25}}),
    "Bit": ("BitImageProcessor", {"size": {"shortest_edge": 27}, "crop_size": {"height": 24, "width": 24}}),
    "Siglip": ("SiglipImageProcessor", {"size": {"height": 24, "width": 24}}),
    "Pvt": ("PvtImageProcessor", {"size": {"height": 24, "width": 24}}),
    "MobileNetV1": ("MobileNetV1ImageProcessor", {"size": {"shortest_edge": 27}, "crop_size": {"height": 24, "width": 24}}),
    "MobileNetV2": ("MobileNetV2ImageProcessor", {"size": {"shortest_edge": 29}, "crop_size": {"height": 24, "width": 24}}),
    "Beit": ("BeitImageProcessor", {"size": {"height": 26, "width": 26}, "do_center_crop": False}),
    "Segformer": ("SegformerImageProcessor", {"size": {"height": 24, "width": 24}}),
    "ConvNext": ("ConvNextImageProcessor", {"size": {"shortest_edge": 24}, "crop_pct": 0.875}),
    "ConvNext, large": ("ConvNextImageProcessor", {"size": {"shortest_edge": 384}}),
}  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of several sizes in a folder a class; one is grey, one is turned by its EXIF."""
    folder = tmp_path_factory.mktemp("pictures")
    draw = np.random.default_rng(5)
    for number, (width, height) in enumerate(SIZES):
        place = folder / ("cat" if number % 2 else "dog") / f"{number}.png"
        place.parent.mkdir(exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (height, width, 3), np.uint8)).save(place)
    Image.fromarray(draw.integers(0, 256, (40, 40), np.uint8)).save(folder / "cat" / "grey.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(draw.integers(0, 256, (30, 50, 3), np.uint8)).save(folder / "dog" / "turned.png", exif=turned)
    return folder


def vit_folder(folder: Path, processor: str = "ViTImageProcessor", **stated: Any) -> Path:
    """A folder with a classifier of images of 32 x 32 pixels, and the configuration of an image processor."""
    from transformers import ViTConfig, ViTForImageClassification

    torch.manual_seed(1)
    sizes: dict[str, Any] = {
        **SMALL,
        **named("cat", "dog"),
        "image_size": 32,
        "patch_size": 8,
        "initializer_range": 0.5,
    }
    ViTForImageClassification(ViTConfig(**sizes)).eval().save_pretrained(folder)
    key = "feature_extractor_type" if processor.endswith("Extractor") else "image_processor_type"
    named_so = {key: processor} if processor else {}
    (folder / "preprocessor_config.json").write_text(json.dumps(named_so | stated))
    return folder


def features(splits: Splits) -> Array:
    parts = [batch.features for shard in splits.test.shards() for batch in shard.batches(3)]
    return np.concatenate([part for part in parts if part is not None])


def of_the_processor(folder: Path, pictures: Path) -> Array:
    """(n, channels, height, width) as Transformers makes them, in the order of the names."""
    from transformers import AutoImageProcessor
    from transformers.image_utils import load_image

    processor: Any = AutoImageProcessor.from_pretrained(folder, backend="pil")
    images: list[Any] = [load_image(str(path)) for path in sorted(pictures.rglob("*.png"))]
    return np.concatenate([processor(image, return_tensors="np")["pixel_values"] for image in images])


@pytest.mark.parametrize("kind", PROCESSORS)
def test_images_are_prepared_as_the_image_processor_does(kind: str, tmp_path: Path, pictures: Path) -> None:
    name, stated = PROCESSORS[kind]
    folder = vit_folder(tmp_path, name, **stated)
    splits = open_splits(Config(test=pictures), model_image=opened(folder).image)
    found, expected = features(splits), of_the_processor(folder, pictures)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= (0 if "raw" in kind else 1e-5)


def test_probabilities_are_those_of_transformers_own_pipeline(tmp_path: Path, pictures: Path) -> None:
    from transformers import pipeline

    folder = vit_folder(tmp_path, size={"height": 32, "width": 32})
    model = opened(folder)
    splits = open_splits(Config(test=pictures), model.class_names, model.inputs, model_image=model.image)
    outputs = torch.from_numpy(model.forward(features(splits))).double().softmax(dim=1).numpy()
    run: Any = pipeline("image-classification", model=str(folder), device="cpu")
    found = [run(str(path)) for path in sorted(pictures.rglob("*.png"))]
    scores = [{entry["label"]: entry["score"] for entry in row} for row in found]
    assert outputs == pytest.approx(np.array([[row["cat"], row["dog"]] for row in scores]), abs=1e-6)
    assert splits.class_names == ("cat", "dog")
    assert splits.test.preparation.startswith(
        "decoded as RGB, turned as EXIF says, resized to 32 x 32 (height x width), bil"
    )


def test_what_the_user_states_takes_the_place_of_the_processors_own(tmp_path: Path) -> None:
    model = opened(vit_folder(tmp_path, size={"height": 24, "width": 24}))
    stated = with_image(Config(image=ImageSettings(resize=30, column="file")), model.image).image
    assert stated is not None
    assert (stated.resize, stated.column, stated.mean, stated.upright) == (30, "file", (0.5, 0.5, 0.5), True)
    with pytest.raises(UsageError, match=r"\[image\] in auditor.toml, with what the model states: .*one mean"):
        with_image(Config(image=ImageSettings(mode="L")), model.image)


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"image_processor_type": "LevitImageProcessor"}, "prepares images by LevitImageProcessor, which does more"),
        ({"size": {"shortest_edge": 20, "longest_edge": 30}}, "size is given by shortest_edge, longest_edge"),
        ({"do_pad": True}, "it pads images"),
        ({"image_mean": [0.5]}, "one mean and one std for each channel"),
        ({"resample": 77}, "cannot be followed"),
    ],
)
def test_images_that_cannot_be_prepared_as_asked_need_settings(
    stated: dict[str, Any], words: str, tmp_path: Path, pictures: Path
) -> None:
    folder = edited(vit_folder(tmp_path), "preprocessor_config.json", **stated)
    image = opened(folder).image
    with pytest.raises(InputError, match=words) as told:
        open_splits(Config(test=pictures), model_image=image)
    assert "state resize, crop, mean and std under [image] in auditor.toml" in str(told.value)
    own = ImageSettings(resize=(8, 8))
    assert features(open_splits(Config(test=pictures, image=own), model_image=image)).shape[1:] == (3, 8, 8)


def test_grey_images_are_given_to_a_model_of_one_channel(tmp_path: Path, pictures: Path) -> None:
    stated: dict[str, Any] = {"size": {"height": 8, "width": 8}, "image_mean": [0.2], "image_std": [0.4]}
    folder = vit_folder(tmp_path, **stated)
    module_settings = json.loads((folder / "config.json").read_text()) | {"num_channels": 1}
    settings = image_settings(read_model_file(folder), module_settings)
    assert isinstance(settings, ImageSettings)
    assert features(open_splits(Config(test=pictures), model_image=settings)).shape[1:] == (1, 8, 8)


def test_arrays_are_taken_as_they_are_prepared_already(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((4, 3, 32, 32), np.float32), y=np.array([0, 1, 0, 1]))
    model = opened(vit_folder(tmp_path))
    splits = open_splits(Config(test=tmp_path / "a.npz"), model.class_names, model_image=model.image)
    assert model.forward(features(splits)).shape == (4, 2)
