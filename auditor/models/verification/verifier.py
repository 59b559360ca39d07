"""The members of a torch.export archive, each held to its rule, and the copy that is loaded in its place."""

import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from auditor import wording
from auditor.models.inert import saved_contents
from auditor.models.inert import tensors as described
from auditor.models.verification import expressions, program
from auditor.models.verification.archive import read_archive
from auditor.models.verification.payloads import Tensor, stored_tensors
from auditor.models.verification.violations import Violation, within

MODEL = "models/model.json"
SAMPLES = "data/sample_inputs/model.pt"
FOLDERS = ("data/weights/", "data/constants/")
CONFIGS = tuple(f"{folder}model_{folder.split('/')[1]}_config.json" for folder in FOLDERS)
PICKLES = tuple(f"{folder}model.pt" for folder in FOLDERS)  # what PyTorch 2.8 wrote in place of the configurations
PLAIN = {"archive_format": b"pt2", "archive_version": b"0", "byteorder": b"little"}
ZIP_VERSION = {".data/version": b"6\n"}  # of the zip, written by PyTorch beside that of the archive
UNUSED = ("version", *ZIP_VERSION, ".data/serialization_id", ".format_version", ".storage_alignment")

OLD_MODEL, OLD_SAMPLES, OLD_VERSION = "serialized_exported_program.json", "serialized_example_inputs.pt", "version"
OLD_PICKLES = ("serialized_state_dict.pt", "serialized_constants.pt")
TOO_OLD = "is missing: the archive was written by a version of PyTorch whose layout is not read"


@dataclass(frozen=True)
class Verified:
    """An archive that passed: the copy to load, what the program says of itself, and its tensors."""

    copy: bytes = field(repr=False)
    program: dict[str, Any] = field(repr=False)
    tensors: tuple[Tensor, ...]

    @property
    def note(self) -> str:
        """What was verified, for the load report."""
        nodes = len(self.program["graph_module"]["graph"]["nodes"])
        return (
            f"verified before loading: its {wording.plural(nodes, 'operator')} only compute, its "
            f"{wording.plural(len(self.tensors), 'tensor')} are plain numbers, and nothing else of it was loaded"
        )


def verify(content: bytes) -> Verified:
    """Check every member of a torch.export archive and write the copy that may be loaded.

    The copy holds what was understood and nothing else: no sample inputs, no stack traces, no extra files. Violation
    names the rule that is broken and the member that breaks it; InputError where the archive is damaged.
    """
    members = read_archive(content)
    return _verify_old(members) if OLD_MODEL in members else _verify(_rooted(members))


def _verify(members: Mapping[str, memoryview]) -> Verified:
    """The layout since PyTorch 2.8: a folder, with the program beside its weights."""
    _check_names(members, {*PLAIN, *UNUSED, MODEL, SAMPLES, *CONFIGS, *PICKLES})
    _check_plain(members)
    understood = _program(members, MODEL)
    _pickled(members, SAMPLES)
    copied: dict[str, bytes | memoryview] = {
        **PLAIN,
        **ZIP_VERSION,
        MODEL: json.dumps(understood).encode(),
        SAMPLES: b"",
    }
    tensors: list[Tensor] = []
    for folder, config, pickle in zip(FOLDERS, CONFIGS, PICKLES, strict=True):
        if pickle in members:
            tensors += _pickled(members, pickle)
            copied[pickle] = members[pickle]
        else:
            found, parts = stored_tensors(_present(members, config), folder, config)
            tensors += found
            copied |= parts
    return Verified(_archive(copied, "model/"), understood, tuple(tensors))


def _verify_old(members: Mapping[str, memoryview]) -> Verified:
    """The layout of PyTorch 2.7 and before: the program beside torch.save files, which are read as weights alone."""
    _check_names(members, {OLD_VERSION, OLD_MODEL, OLD_SAMPLES, *OLD_PICKLES})
    understood = _program(members, OLD_MODEL)
    _pickled(members, OLD_SAMPLES)
    tensors = [tensor for name in OLD_PICKLES for tensor in _pickled(_present(members, name), name)]
    kept = {name: _present(members, name)[name] for name in (OLD_VERSION, *OLD_PICKLES)}
    copied: dict[str, bytes | memoryview] = {**kept, OLD_MODEL: json.dumps(understood).encode(), OLD_SAMPLES: b""}
    return Verified(_archive(copied), understood, tuple(tensors))


def _rooted(members: Mapping[str, memoryview]) -> dict[str, memoryview]:
    """The members without the one folder that they lie in."""
    root = next(iter(members), "").partition("/")[0] + "/"
    outside = next((name for name in members if not name.startswith(root)), None)
    if outside is not None:
        raise Violation("members", f"{wording.quoted(outside)} lies outside the folder {wording.quoted(root)}")
    return {name.removeprefix(root): view for name, view in members.items()}


def _check_names(members: Iterable[str], known: set[str]) -> None:
    for name in members:
        folder, _, last = name.rpartition("/")
        numbers = (folder == "data/weights" and last.startswith("weight_")) or (
            folder == "data/constants" and last.startswith("tensor_")
        )
        if not (numbers or name in known or name.startswith(("extra/", "extra_files/"))):
            raise Violation("members", _why_unknown(name), name)


def _why_unknown(name: str) -> str:
    if name.startswith("data/aotinductor/") or name.endswith((".so", ".pyd", ".dylib", ".dll")):
        return "compiled code"
    if name.startswith("data/constants/"):
        return "an object of a custom class, which is unpickled"
    return "a member that such an archive does not need"


def _check_plain(members: Mapping[str, memoryview]) -> None:
    for name, expected in PLAIN.items():
        found = bytes(members[name][:60]) if name in members else expected
        if found != expected:
            raise Violation("version", f"{expected.decode()} was expected, found {wording.name(repr(found))}", name)


def _present(members: Mapping[str, memoryview], name: str) -> Mapping[str, memoryview]:
    if name not in members:
        raise Violation("version", TOO_OLD, name)
    return members


def _program(members: Mapping[str, memoryview], name: str) -> dict[str, Any]:
    understood: dict[str, Any] = program.parsed(name, _present(members, name)[name], program.exported_program)
    with within(name):
        expressions.require_soon(understood)
    return understood


def _pickled(members: Mapping[str, memoryview], name: str) -> list[Tensor]:
    """The tensors of a torch.save file inside, which is read as weights alone or not at all.

    That it would call anything else tells enough about the archive.
    """
    content = bytes(members.get(name, b""))
    with within(name):
        try:
            contents = saved_contents(content) if content else None
        except ValueError as error:
            raise Violation("pickles", f"a torch.save file was expected, found {error}") from error
        if contents is None:
            return []
        if contents.beyond_tensors:
            raise Violation("pickles", f"its pickle calls {wording.name(contents.beyond_tensors[0])}")
        return [Tensor(tensor.name, tensor.dtype, tensor.shape) for tensor in described(contents.value)]


def _archive(members: Mapping[str, bytes | memoryview], root: str = "") -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(root + name, content)
    return buffer.getvalue()
