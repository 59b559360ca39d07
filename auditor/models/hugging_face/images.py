"""How images reach a model, by the image processor in its folder: as settings of `[image]`, where they say the same."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from auditor import wording
from auditor.models.files import ModelFile
from auditor.models.hugging_face import folder
from auditor.models.hugging_face.folder import Settings
from auditor.settings import ImageSettings

STATE = "state resize, crop, mean and std under [image] in auditor.toml, as in training"
# Image processors that resize, crop, rescale and normalise, one after the other, and do nothing else.
PLAIN = frozenset(
    f"{name}ImageProcessor" for name in ("Beit", "Bit", "CLIP", "DeiT", "MobileNetV1", "MobileNetV2", "Pvt", "Segformer",
    "Siglip", "ViT")
)  # fmt: skip
CROPS = "ConvNextImageProcessor"  # which crops small images from larger ones, and squeezes large ones
SQUEEZED_FROM = 384
FILTERS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")  # by Pillow's numbers

SIDES = ("height", "width", "shortest_edge", "longest_edge", "max_height", "max_width")


def image_settings(file: ModelFile, model_settings: Settings) -> ImageSettings | str:
    """The preparation that the folder's image processor stands for, or why images cannot be prepared as it would."""
    stated = folder.settings(file, "preprocessor_config.json")
    if not stated:
        return f"{file.name} has no preprocessor_config.json: {STATE}"
    name = _name(stated, model_settings)
    if name not in PLAIN | {CROPS}:
        return f"{file.name} prepares images by {wording.name(name)}, which does more than is done here: {STATE}"
    try:
        return _settings(_processor(name, stated), name, channels=model_settings.get("num_channels", 3))
    except (ValueError, TypeError, LookupError, AttributeError, ImportError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error).partition("\n")[0]
        return f"{file.name}: {wording.name(name)} cannot be followed ({wording.cut(reason, 120)}): {STATE}"


def _name(stated: Settings, model_settings: Settings) -> str:
    """The class of the image processor, by its own configuration, else the one that such models come with."""
    from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING_NAMES

    found = IMAGE_PROCESSOR_MAPPING_NAMES.get(str(model_settings.get("model_type"))) or ()
    usual = found.get("pil") if isinstance(found, Mapping) else next(iter(found), None)
    name = folder.processor(stated) or str(usual or "an image processor of no stated class")
    return re.sub(r"(FeatureExtractor|ImageProcessorFast|ImageProcessorPil)$", "ImageProcessor", name)


def _processor(name: str, stated: Settings) -> Any:  # noqa: ANN401  (Transformers need not be installed)
    """The image processor, which fills in what its configuration leaves out."""
    from transformers.models.auto.image_processing_auto import get_image_processor_class_from_name

    made = get_image_processor_class_from_name(f"{name}Pil") or get_image_processor_class_from_name(name)
    return made.from_dict(stated)


def _settings(processor: Any, name: str, channels: object) -> ImageSettings:  # noqa: ANN401
    if getattr(processor, "do_pad", None):
        raise ValueError("it pads images")
    resize, crop = _sizes(processor, name)
    given = processor.do_normalize
    white = 255 * processor.rescale_factor if processor.do_rescale else 255.0
    return ImageSettings.model_validate(
        {
            "mode": "L" if channels == 1 else "RGB",
            "resize": resize,
            "crop": crop,
            "resample": FILTERS[int(processor.resample)],
            "centre": "transformers",
            "upright": True,
            "mean": _each(processor.image_mean) if given else (),
            "std": _each(processor.image_std) if given else (),
            "white": white,
        }
    )


def _sizes(processor: Any, name: str) -> tuple[Any, Any]:  # noqa: ANN401
    """Resize and crop: one number for the shorter side, (height, width), or None."""
    resize = _size(processor.size) if processor.do_resize else None
    crop = _size(processor.crop_size) if getattr(processor, "do_center_crop", None) else None
    if name != CROPS or resize is None:
        return resize, crop
    if not isinstance(resize, int) or crop is not None:
        raise ValueError(f"its size is {resize}, where the shorter side was expected")
    if resize >= SQUEEZED_FROM:
        return (resize, resize), None
    return int(resize / processor.crop_pct), (resize, resize)


def _size(stated: Any) -> int | tuple[int, int]:  # noqa: ANN401
    """Of a size as image processors keep it: height and width, or the shortest edge alone."""
    sides = stated if isinstance(stated, Mapping) else {key: getattr(stated, key, None) for key in SIDES}
    known: dict[str, int] = {key: value for key in SIDES if (value := sides.get(key))}
    if set(known) == {"height", "width"}:
        return known["height"], known["width"]
    if set(known) == {"shortest_edge"}:
        return known["shortest_edge"]
    raise ValueError(f"its size is given by {', '.join(known) or 'nothing'}")


def _each(stated: object) -> tuple[Any, ...]:
    return tuple(stated) if isinstance(stated, list | tuple) else (stated,)
