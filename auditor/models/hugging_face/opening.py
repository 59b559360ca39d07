"""A Hugging Face folder -> a Model that runs: Transformers makes the module, and gets tensors and settings, never a path.

Nothing is downloaded, nothing is unpickled, and no code is taken from the folder.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from auditor import wording
from auditor.config import Config
from auditor.errors import FormatUnavailable, InputError
from auditor.models import failures
from auditor.models.files import CONFIG, ModelFile
from auditor.models.hugging_face import folder
from auditor.models.hugging_face.folder import Settings
from auditor.models.hugging_face.images import image_settings
from auditor.models.hugging_face.texts import reading_texts
from auditor.models.model import Model
from auditor.models.modules import running, still_training
from auditor.models.trust import SAVE_PROGRAM, Allowed
from auditor.models.weights import Weights, cast_note, open_tensors, read_weights

OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY")
# What a configuration may say of how the model is computed: by kernels that Transformers would download, among others.
CHOICES_OF_CODE = ("attn_implementation", "experts_implementation")
TIMES_THE_WEIGHTS = 4
# The mappings of Transformers from types of models to their classes, by what the classes take.
TEXTS, IMAGES = "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES", "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES"


def open_folder(file: ModelFile, config: Config, allowed: Allowed) -> Model:
    """The Model of a folder with a classifier of texts or images that Transformers knows.

    FormatUnavailable without Transformers; InputError where the folder holds something else, is not whole, or does not
    fit the installed Transformers; UsageError for settings that belong to weights without a configuration.
    """
    stated = folder.settings(file)
    if config.model_class is not None:
        return _of_class(file, config, allowed, stated)
    transformers = _transformers(file)
    takes = _takes(file, stated)
    weights, read_notes = read_weights(folder.weights(file))
    with offline(), _quiet(transformers):
        module, notes = _made(file, stated, weights, transformers)
        model = running(
            file, config, allowed, module, notes=(*read_notes, *notes), training_parts=still_training(module)
        )
        model = replace(model, output_kind="logits", multilabel=folder.is_multilabel(stated))
        if takes == TEXTS:
            return reading_texts(model, file, module)
        return replace(model, image=image_settings(file, stated))


def _of_class(file: ModelFile, config: Config, allowed: Allowed, stated: Settings) -> Model:
    """The user's own class with the folder's weights; the configuration gives arguments and names of classes."""
    weights, notes = read_weights(folder.weights(file))
    model = open_tensors(file, config, allowed, weights, notes, offered=stated)
    names = model.class_names or folder.stated_names(stated.get("id2label"))
    return replace(model, class_names=names, multilabel=folder.is_multilabel(stated))


@contextmanager
def offline() -> Iterator[None]:
    """Within the block Hugging Face's libraries look for nothing but local files."""
    before = {name: os.environ.get(name) for name in OFFLINE}
    os.environ.update(dict.fromkeys(OFFLINE, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _quiet(transformers: Any) -> Iterator[None]:  # noqa: ANN401  (it need not be installed, so its types are not known)
    """No progress bars and no advice from Transformers; what goes wrong is raised."""
    logging = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _transformers(file: ModelFile) -> Any:  # noqa: ANN401
    try:
        with offline():
            import transformers
            import transformers.models.auto.modeling_auto
    except ImportError:
        raise FormatUnavailable(
            f"{file.name} is a Hugging Face folder: install auditor[hf], which makes its model"
        ) from None
    return transformers


def _takes(file: ModelFile, stated: Settings) -> str:
    """Which mapping the folder's architecture stands in: what it takes."""
    from transformers.models.auto import modeling_auto

    kind, named = str(stated.get("model_type", "")), folder.architecture(file)
    for mapping in (TEXTS, IMAGES):
        if named and named in _classes(getattr(modeling_auto, mapping).get(kind, ())):
            _refuse_other_tasks(file, stated)
            return mapping
    found = f"a {named or 'model without architectures'} of type {kind or 'unknown'}"
    raise InputError(
        f"{file.name} holds {found}: a class for sequence or image classification that Transformers knows was expected; "
        f"export the model with {SAVE_PROGRAM}, or give its weights with --model-class module:Class"
    )


def _classes(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _refuse_other_tasks(file: ModelFile, stated: Settings) -> None:
    if stated.get("problem_type") == "regression":
        raise InputError(f"{file.name}: problem_type in config.json is regression, and only classifiers are audited")
    if "quantization_config" in stated:
        raise InputError(
            f"{file.name} holds quantised weights (quantization_config), which are not read; give the model as it was "
            "before, or load it in an --adapter of yours"
        )


def _made(file: ModelFile, stated: Settings, weights: Weights, transformers: Any) -> tuple[nn.Module, tuple[str, ...]]:  # noqa: ANN401
    """The module with the weights in it, and notes; single precision whatever the weights are stored in."""
    named = folder.architecture(file)
    try:
        settings, make = transformers.AutoConfig.for_model(**_harmless(stated)), getattr(transformers, named)
        _require_modest(file, make, settings, weights)
        module, found = make.from_pretrained(
            None,
            config=settings,
            state_dict=dict(weights),
            dtype=torch.float32,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are told below, by name
            local_files_only=True,
            use_safetensors=True,
        )
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"{file.name} cannot be made by Transformers {transformers.__version__}: {failures.shown(error)}; install a "
            "version that fits, or save the model with this one"
        ) from error
    _require_whole(file, named, found)
    left = failures.listed(sorted(found["unexpected_keys"]))
    notes = (
        f"made as {named} by Transformers {transformers.__version__}, of files of the folder alone",
        *([f"tensors that {named} does not have were left out: {left}"] if left else []),
        *cast_note(weights, module.state_dict()),
    )
    return module, notes


def _require_modest(file: ModelFile, make: Any, settings: Any, weights: Weights) -> None:  # noqa: ANN401
    """InputError where the configuration describes a model far larger than the weights: memory would be taken for nothing."""
    with torch.device("meta"):
        needed = sum(parameter.numel() for parameter in make(settings).parameters())
    held = sum(tensor.numel() for tensor in weights.values())
    if needed > TIMES_THE_WEIGHTS * held:
        raise InputError(
            f"{file.name}: {CONFIG} describes a model of {wording.plural(needed, 'value')}, and the weights hold "
            f"{wording.count(held)}; copy or download the folder again"
        )


def _harmless(stated: object) -> Any:  # noqa: ANN401  (JSON)
    """The configuration without what would choose other code, at any depth."""
    if isinstance(stated, dict):
        return {
            key: _harmless(value)
            for key, value in stated.items()
            if not any(choice in key for choice in CHOICES_OF_CODE)
        }
    return [_harmless(value) for value in stated] if isinstance(stated, list) else stated


def _require_whole(file: ModelFile, named: str, found: Settings) -> None:
    """InputError where a tensor of the class has no values in the file: Transformers would draw them at random."""
    odd = [f"{key} {tuple(stored)} instead of {tuple(own)}" for key, stored, own in found["mismatched_keys"]]
    parts = [("missing", sorted(found["missing_keys"])), ("of another shape", sorted(odd))]
    told = "; ".join(f"{len(keys)} {what}: {failures.listed(keys)}" for what, keys in parts if keys)
    if told:
        raise InputError(
            f"{file.name} does not hold the weights of {named}: {told}. Save the trained classifier with save_pretrained"
        )
