"""A model file's bytes, read once: what is hashed is what is loaded."""

import hashlib
import json
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from io import BytesIO
from pathlib import Path

from auditor import wording
from auditor.addresses import as_written, is_address
from auditor.errors import InputError
from auditor.models.detection import Detected, Format, detect

MODEL_ENDINGS = (".pt2", ".safetensors", ".pt", ".pth", ".ckpt", ".bin")
LARGEST = 2**36  # bytes
CONFIG = "config.json"
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")
# what else of a Hugging Face folder says how rows reach the model; none of it is code
BESIDE = (
    "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.txt", "vocab.json", "merges.txt",
)  # fmt: skip
SHARD_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*\.safetensors", re.ASCII)


@dataclass(frozen=True)
class ModelFile:
    """A saved model as bytes; a file that changes on disk afterwards changes nothing here.

    A folder has no content of its own: its format is `stated`, and `shards` are the files in it that count.
    """

    path: Path
    content: bytes = field(repr=False)
    shards: tuple["ModelFile", ...] = field(default=(), repr=False)
    stated: Format | None = None

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return self.path.name

    @cached_property
    def sha256(self) -> str:
        """The sha256 of the content, of an index with that of its shards behind it, 64 hexadecimal digits.

        Of a folder that of the lines which `sha256sum` prints for its files that count, sorted by name.
        """
        if self.stated:
            lines = sorted((part.name, part.own_sha256) for part in _flat(self.shards))
            return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in lines).encode()).hexdigest()
        digest = hashlib.sha256(self.content)
        for shard in self.shards:
            digest.update(shard.content)
        return digest.hexdigest()

    @cached_property
    def own_sha256(self) -> str:
        """The sha256 of the content alone."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def detected(self) -> Detected:
        """What kind of file it is."""
        return Detected(self.stated) if self.stated else detect(self.content)

    @property
    def n_bytes(self) -> int:
        """How many bytes it has, of a folder those of its files that count."""
        return len(self.content) if not self.stated else sum(len(part.content) for part in _flat(self.shards))

    def stream(self) -> BytesIO:
        """The content as a file; it shares the bytes."""
        return BytesIO(self.content)


def read_model_file(path: Path) -> ModelFile:
    """Read a saved model: a file, an index with its shards, or what counts of a Hugging Face folder.

    InputError where one is missing or cannot be read, or a folder holds no such model.
    """
    path = path.parent if path.name == CONFIG and path.is_file() else path
    if (path / CONFIG).is_file():
        return _folder(path)
    file = _read(path)
    if file.detected.format is not Format.SHARDED:
        return file
    return replace(file, shards=tuple(_shard(path.parent / name, path) for name in _shard_names(file)))


def _read(path: Path) -> ModelFile:
    if is_address(path):
        raise InputError(f"{as_written(path)}: a model is read from this machine alone; copy the file here first")
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a saved model; {_inside(path)}")
    try:
        _require_plain(path)
        return ModelFile(path, path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; give the path of a saved model") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None


def _require_plain(path: Path) -> None:
    """InputError for what has no end, as a pipe or a device, or is larger than any model that could be read."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{path} is no regular file; give the path of a saved model")
    if found.st_size > LARGEST:
        raise InputError(
            f"{path} has {wording.plural(found.st_size, 'byte')}: a model of at most {wording.count(LARGEST)} was expected"
        )


def _folder(path: Path) -> ModelFile:
    """The configuration of a Hugging Face folder, its weights, and what says how rows reach the model."""
    if (path / "adapter_config.json").exists():
        raise InputError(
            f"{path} holds an adapter of PEFT, which changes the weights of another model: save both as one with "
            "model.merge_and_unload().save_pretrained(folder)"
        )
    weights = next((name for name in WEIGHTS if (path / name).exists()), None)
    if weights is None:
        expected = f"{', '.join(WEIGHTS[:-1])} or {WEIGHTS[-1]}"
        raise InputError(f"{path} holds a {CONFIG} and no weights beside it: {expected} was expected; {_inside(path)}")
    names = (CONFIG, weights, *(name for name in BESIDE if (path / name).exists()))
    parts = tuple(_read(path / CONFIG) if name == CONFIG else read_model_file(path / name) for name in names)
    return ModelFile(path.absolute(), b"", parts, Format.HUGGING_FACE)


def _flat(parts: tuple[ModelFile, ...]) -> Iterator[ModelFile]:
    for part in parts:
        yield from (part, *part.shards)


def _shard(path: Path, index: Path) -> ModelFile:
    file = _read(path)
    if file.detected.format is Format.SHARDED:
        raise InputError(f"{index.name} names {path.name}, an index itself: a safetensors file was expected")
    return file


def _shard_names(file: ModelFile) -> list[str]:
    """The files that an index names, in order; each lies beside it, or the index is not followed."""
    try:
        names = sorted(set(json.loads(file.content)["weight_map"].values()))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(f"{file.name} is no index of safetensors files; copy or download it again") from error
    odd = next((name for name in names if not SHARD_NAME.fullmatch(name)), None)
    if odd is not None or not names:
        raise InputError(
            f"{file.name} names {wording.quoted(odd or '')}: names of safetensors files beside it were expected"
        )
    return names


def _inside(folder: Path) -> str:
    if (folder / "saved_model.pb").exists():
        return "it holds a TensorFlow SavedModel, and only PyTorch models are loaded"
    found = sorted(entry.name for entry in folder.iterdir() if entry.suffix in MODEL_ENDINGS)
    return f"give one of the files in it: {', '.join(found[:5])}" if found else "give the path of a saved model"
