"""What a Hugging Face folder holds, by its files alone: nothing of it is run, and PyTorch is not imported."""

from auditor import wording
from auditor.errors import InputError
from auditor.models.describing import Holds, described
from auditor.models.files import ModelFile
from auditor.models.hugging_face import folder
from auditor.models.hugging_face.folder import Settings

MOST_CLASSES = 10


def described_folder(file: ModelFile) -> Holds:
    """Architecture, classes, what says how rows reach the model, and the tensors."""
    weights = folder.weights(file)
    held = described(weights.content, weights.detected.format)
    try:
        facts = tuple(fact for fact in _facts(file) if fact)
    except InputError as error:
        facts = (str(error),)
    names = ", ".join(wording.name(part.name) for part in file.shards)
    return Holds((f"its files that count: {names}", *facts, *held.facts), held.tensors)


def _facts(file: ModelFile) -> tuple[str, ...]:
    stated = folder.settings(file)
    kind = folder.architecture(file) or "none stated, so --model-class must name the class"
    return (
        f"its architecture: {wording.name(kind)}",
        _classes(stated),
        _tokenizer(folder.settings(file, "tokenizer_config.json")),
        _images(folder.settings(file, "preprocessor_config.json")),
    )


def _classes(stated: Settings) -> str:
    found = stated.get("id2label")
    if not isinstance(found, dict) or not found:
        return ""
    names = [wording.name(f"{key} {name}") for key, name in list(found.items())[:MOST_CLASSES]]
    more = f" and {len(found) - MOST_CLASSES} more" if len(found) > MOST_CLASSES else ""
    several = "labels, of which a row may have several" if folder.is_multilabel(stated) else "classes"
    return f"its {several}: {', '.join(names)}{more}"


def _tokenizer(stated: Settings) -> str:
    if not stated:
        return ""
    longest = stated.get("model_max_length")
    limit = f", at most {longest} tokens" if isinstance(longest, int) and longest < folder.UNSTATED else ""
    return f"its tokenizer: {wording.name(str(stated.get('tokenizer_class', 'of no stated class')))}{limit}"


def _images(stated: Settings) -> str:
    return f"its image processor: {wording.name(folder.processor(stated) or 'of no stated class')}" if stated else ""
