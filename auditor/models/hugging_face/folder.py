"""What a Hugging Face folder says of itself, read without running any of it.

Only the standard library: this must answer before PyTorch is imported.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from auditor import wording
from auditor.errors import InputError
from auditor.models.files import CONFIG, WEIGHTS, ModelFile

OF_CODE = "auto_map"
NAMING_CODE = (CONFIG, "tokenizer_config.json", "preprocessor_config.json")
OF_TEXTS = "ForSequenceClassification"
UNSTATED = 10**6  # tokenizers that know no longest text state a number far larger
Settings = dict[str, Any]


def member(file: ModelFile, name: str) -> ModelFile | None:
    """The file of that name in the folder, None where it holds none."""
    return next((part for part in file.shards if part.name == name), None)


def weights(file: ModelFile) -> ModelFile:
    """The file of weights, or the index of several."""
    return next(part for part in file.shards if part.name in WEIGHTS)


def settings(file: ModelFile, name: str = CONFIG) -> Settings:
    """What a JSON file of the folder says, {} where there is no such file. InputError where it is no JSON object."""
    part = member(file, name)
    if part is None:
        return {}
    try:
        found = json.loads(part.content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError(f"{file.name}: {name} holds no JSON object; copy or download the folder again")
    return found


def own_code(file: ModelFile) -> str:
    """The first class of the folder's own code that a configuration names, with the file that names it; "" for none."""
    for part in NAMING_CODE:
        for name in _classes(settings(file, part)):
            return f"{part} names {wording.name(name)}"
    return ""


def architecture(file: ModelFile) -> str:
    """The class that the configuration says the weights are of, "" where it says none."""
    found = settings(file).get("architectures")
    return str(found[0]) if isinstance(found, list) and found else ""


def reads_texts(file: ModelFile) -> bool:
    """Whether its architecture is one that takes texts."""
    return architecture(file).endswith(OF_TEXTS)


def is_multilabel(stated: Settings) -> bool:
    """Whether a row may have several of the labels."""
    return bool(stated.get("problem_type") == "multi_label_classification")


def processor(stated: Settings) -> str:
    """The class of an image processor, by its configuration, "" where that says none; older ones call it a feature extractor."""
    return str(stated.get("image_processor_type") or stated.get("feature_extractor_type") or "")


def stated_names(stated: object) -> tuple[str, ...]:
    """The names of classes in an `id2label`, () where it is none or has the LABEL_0, LABEL_1 that nobody named.

    Its numbers may be text, as JSON has them.
    """
    names = {_number(key): name for key, name in stated.items()} if isinstance(stated, Mapping) else {}
    if not isinstance(stated, Mapping) or len(names) != len(stated) or set(names) != set(range(len(names))):
        return ()
    ordered = tuple(str(names[index]) for index in range(len(names)))
    return () if len(ordered) < 2 or all(re.fullmatch(r"LABEL_\d+", name) for name in ordered) else ordered


def _classes(value: object) -> Iterator[str]:
    """What stands under `auto_map`, at any depth."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Mapping):
            yield from (str(name) for name in _named(found.get(OF_CODE)))
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found


def _named(stated: object) -> list[object]:
    """The classes of an `auto_map`, which is an object of them, or a list with None for what there is not."""
    entries = list(stated.values()) if isinstance(stated, Mapping) else [stated]
    flat = [name for entry in entries for name in (entry if isinstance(entry, list) else [entry])]
    return [name for name in flat if name is not None]


def _number(key: object) -> object:
    return int(key) if isinstance(key, str) and re.fullmatch(r"0|[1-9]\d{0,8}", key, re.ASCII) else key
