"""A model file's bytes, read once: what is hashed is what is loaded."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from pathlib import Path

from auditor.errors import InputError
from auditor.models.detection import Detected, detect

MODEL_ENDINGS = (".pt2", ".safetensors", ".pt", ".pth", ".ckpt", ".bin")


@dataclass(frozen=True)
class ModelFile:
    """A saved model as bytes; a file that changes on disk afterwards changes nothing here."""

    path: Path
    content: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return self.path.name

    @cached_property
    def sha256(self) -> str:
        """The sha256 of the content, 64 hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def detected(self) -> Detected:
        """What kind of file it is."""
        return detect(self.content)

    def stream(self) -> BytesIO:
        """The content as a file; it shares the bytes."""
        return BytesIO(self.content)


def read_model_file(path: Path) -> ModelFile:
    """Read a saved model. InputError where there is no such file, it cannot be read, or it is a folder."""
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a saved model; {_inside(path)}")
    try:
        return ModelFile(path, path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; give the path of a saved model") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None


def _inside(folder: Path) -> str:
    if (folder / "saved_model.pb").exists():
        return "it holds a TensorFlow SavedModel, and only PyTorch models are loaded"
    found = sorted(entry.name for entry in folder.iterdir() if entry.suffix in MODEL_ENDINGS)
    return f"give one of the files in it: {', '.join(found[:5])}" if found else "give the path of a saved model"
