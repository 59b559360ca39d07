"""What may be loaded: saved models can be programs, and a program runs only where somebody allowed it."""

import re
from dataclasses import dataclass, field

from auditor import wording
from auditor.config import Config
from auditor.errors import InputError, ModelRefused, UsageError
from auditor.models.detection import Format
from auditor.models.files import ModelFile
from auditor.models.hugging_face import folder
from auditor.models.inert import saved_contents
from auditor.models.onnx_files import weight_files
from auditor.models.verification import Violation, verify

EXPORTED = (Format.EXPORTED, Format.EXPORTED_OLD)
WEIGHTS = (Format.STATE_DICT, Format.SAFETENSORS, Format.SHARDED)
MODULES = (Format.TORCHSCRIPT, Format.PICKLED)
TRUSTED = "loading it can run code; --trust-model-code allowed that"

SAVE_WEIGHTS = "torch.save(model.state_dict(), 'weights.pt'), to be audited with --model-class module:Class"
SAVE_PROGRAM = "torch.export.save(torch.export.export(model.eval(), (example,)), 'model.pt2')"
RUNS = {
    Format.PICKLED: "whatever its pickle calls, {calls} first",
    Format.PLAIN_PICKLE: "whatever its pickle calls{calls_first}",
    Format.TORCHSCRIPT: "its scripted code, which can open files",
    Format.PACKAGE: "the Python source and the pickles packed inside",
    Format.AOTINDUCTOR: "the compiled shared libraries inside",
    Format.NATIVE: "its machine code",
}
INSTEAD = {
    Format.EXECUTORCH: "ExecuTorch programs are not loaded; save the program they were made from with {program}",
    Format.TFLITE: "only PyTorch models are loaded",
    Format.HDF5: "only PyTorch models are loaded",
    Format.KERAS: "only PyTorch models are loaded; with Keras on PyTorch, export with {program}",
    Format.GGUF: "GGUF files are not loaded; save the PyTorch model with {program}",
    Format.NPZ: "these are arrays, not a model; give it as --test, and a saved model in its place",
    Format.NPY: "this is an array, not a model; give a saved model in its place",
    Format.COMPRESSED: "unpack it and give the saved model inside",
    Format.TAR: "unpack it and give the saved model inside",
    Format.ZIP: "it holds no saved PyTorch model; save one with {program}",
    Format.BROKEN_ZIP: "it is cut short or damaged; copy or download it again",
    Format.BROKEN: "copy or download it again",
    Format.LFS_POINTER: "the model itself was not fetched; run `git lfs pull`",
    Format.WEB_PAGE: "the download saved a page instead of the model; download it again",
    Format.EMPTY: "copy or download it again",
    Format.UNKNOWN: "a torch.export program, a state_dict or safetensors is expected; save the model with {program}",
}


@dataclass(frozen=True)
class Allowed:
    """What may be loaded of a file, whether that can run code, and what was checked or what allowed it."""

    content: bytes = field(repr=False)
    runs_code: bool
    notes: tuple[str, ...]


def allow(file: ModelFile, config: Config) -> Allowed:
    """What may be loaded: harmless formats and verified programs as they are, others where somebody allowed it.

    ModelRefused where loading would run code that nobody allowed or that is never loaded; InputError where the file is
    not the one that was meant, is damaged, or of a format that is not loaded.
    """
    given = _hash_notes(file, config.sha256)
    trust = given or ((TRUSTED,) if config.trust_model_code else ())
    form = file.detected.format
    if form in EXPORTED:
        return _exported(file, given, trust)
    if form is Format.ONNX:
        weight_files(file)  # refuses what opens other files or calls other libraries
    if form is Format.HUGGING_FACE:
        return _folder(file, given)
    if form in {Format.SAFETENSORS, Format.SHARDED, Format.ONNX}:
        return Allowed(file.content, runs_code=False, notes=given)
    if form is Format.STATE_DICT:
        return _checkpoint(file, given, trust)
    if form in RUNS and not (trust and form in MODULES):
        raise ModelRefused(_refusal(file))
    if form in MODULES:
        return Allowed(file.content, runs_code=True, notes=trust)
    raise InputError(f"{_named(file)}: {INSTEAD[form].format(program=SAVE_PROGRAM)}")


def _exported(file: ModelFile, given: tuple[str, ...], trust: tuple[str, ...]) -> Allowed:
    """A program that passes the verifier needs no trust; one that does not is loaded as it is where it was given."""
    try:
        verified = verify(file.content)
    except InputError as error:
        raise InputError(f"{_named(file)}: {error}") from error
    except Violation as violation:
        if trust:
            return Allowed(file.content, runs_code=True, notes=(*trust, f"it was not verified ({violation})"))
        raise ModelRefused(
            f"{_named(file)} is not known to be harmless: {violation}. Export it again with {SAVE_PROGRAM}; or, if you "
            f"know where it comes from, {_by_trust(file)}"
        ) from violation
    return Allowed(verified.copy, runs_code=False, notes=(*given, verified.note))


def _folder(file: ModelFile, given: tuple[str, ...]) -> Allowed:
    """A folder of tensors and settings; refused where it brings code along, trusted or not."""
    code = folder.own_code(file)
    if code:
        raise ModelRefused(
            f"{_named(file)} brings code along, which Transformers would import and run: {code}. It is not loaded, trusted or "
            f"not; save the model with {SAVE_PROGRAM}, or load it in an --adapter of yours"
        )
    weights = folder.weights(file)
    if weights.detected.format is Format.STATE_DICT:
        return _checkpoint(weights, given, ())
    if weights.detected.format in RUNS:
        raise ModelRefused(_refusal(weights))
    if weights.detected.format not in WEIGHTS:
        raise InputError(f"{_named(weights)} holds no weights; copy or download the folder again")
    return Allowed(b"", runs_code=False, notes=given)


def _checkpoint(file: ModelFile, given: tuple[str, ...], trust: tuple[str, ...]) -> Allowed:
    try:
        calls = saved_contents(file.content).beyond_tensors
    except ValueError as error:
        raise InputError(f"{file.name} cannot be read: {error}; copy or download it again") from error
    if not calls:
        return Allowed(file.content, runs_code=False, notes=given)
    if trust:
        return Allowed(file.content, runs_code=True, notes=trust)
    raise refuse_call(file, calls[0])


def runs_code(form: Format) -> bool:
    """Whether loading a file of this format can run code."""
    return form in EXPORTED or form in RUNS


def refuse_call(file: ModelFile, name: str) -> ModelRefused:
    """The refusal of a torch.save file whose pickle calls something beyond tensors and plain values."""
    return ModelRefused(
        f"{file.name} holds more than tensors: its pickle calls {wording.name(name)}, and loading it would run "
        f"that; save the weights alone with {SAVE_WEIGHTS}; or, if you know where it comes from, {_by_trust(file)}"
    )


def _hash_notes(file: ModelFile, stated: str | None) -> tuple[str, ...]:
    if stated is None:
        return ()
    digest = stated.strip().lower().removeprefix("sha256:")
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise UsageError(
            f"--sha256 {wording.name(stated)}: 64 hexadecimal digits were expected, as `sha256sum {file.name}` prints"
        )
    if digest == file.sha256:
        return ("its sha256 is the one given",)
    raise _mismatch(file)(
        f"{file.name} is not the file that was meant: its sha256 is {file.sha256}, and {digest} was given; "
        "find out which of the two is right before anything is loaded"
    )


def _mismatch(file: ModelFile) -> type[InputError | ModelRefused]:
    return ModelRefused if runs_code(file.detected.format) else InputError


def _refusal(file: ModelFile) -> str:
    form = file.detected.format
    calls = wording.name(file.detected.calls)
    runs = RUNS[form].format(calls=calls, calls_first=f", {calls} first" if calls else "")
    instead = f"save it again with {SAVE_PROGRAM} or {SAVE_WEIGHTS}"
    if form in MODULES:
        return f"{_named(file)}: loading it would run {runs}. Better {instead}; or, if you know where it comes from, {_by_trust(file)}"
    return f"{_named(file)}: loading it would run {runs}. It is not loaded, trusted or not; {instead}"


def _by_trust(file: ModelFile) -> str:
    return f"allow this very file with --sha256 {file.sha256}, or any with --trust-model-code"


def _named(file: ModelFile) -> str:
    return f"{file.name} ({file.detected.format})"
