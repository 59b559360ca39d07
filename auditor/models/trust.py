"""What may be loaded: saved models can be programs, and a program runs only where somebody allowed it."""

import re

from auditor import wording
from auditor.config import Config
from auditor.errors import InputError, ModelRefused, UsageError
from auditor.models.detection import Format
from auditor.models.files import ModelFile

EXPORTED = (Format.EXPORTED, Format.EXPORTED_OLD)
WEIGHTS = (Format.STATE_DICT, Format.SAFETENSORS)

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


def allow(file: ModelFile, config: Config) -> tuple[str, ...]:
    """What was checked before loading and what allowed it, as notes.

    ModelRefused where loading would run code that nobody allowed or that is never loaded; InputError where the file is
    not the one that was meant, or of a format that is not loaded.
    """
    notes = _hash_notes(file, config.sha256)
    form = file.detected.format
    if form in WEIGHTS or form is Format.ONNX:
        return notes
    if form in EXPORTED:
        return notes or _trusted(file, allowed=config.trust_model_code)
    if form in RUNS:
        raise ModelRefused(_refusal(file))
    raise InputError(f"{_named(file)}: {INSTEAD[form].format(program=SAVE_PROGRAM)}")


def runs_code(form: Format) -> bool:
    """Whether loading a file of this format can run code."""
    return form in EXPORTED or form in RUNS


def refuse_call(file: ModelFile, name: str) -> ModelRefused:
    """The refusal of a torch.save file whose pickle calls something beyond tensors and plain values."""
    return ModelRefused(
        f"{file.name} holds more than tensors: its pickle calls {wording.name(name)}, and loading it would run "
        f"that; save the weights alone with {SAVE_WEIGHTS}"
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


def _trusted(file: ModelFile, *, allowed: bool) -> tuple[str, ...]:
    if allowed:
        return ("loading it can run code; --trust-model-code allowed that",)
    raise ModelRefused(
        f"{_named(file)}: loading one can run code: pickled sample inputs and weights, shape expressions and "
        "guards that are evaluated, operators that open files. If you know where it comes from, allow this very file "
        f"with --sha256 {file.sha256}, or any with --trust-model-code"
    )


def _refusal(file: ModelFile) -> str:
    calls = wording.name(file.detected.calls)
    runs = RUNS[file.detected.format].format(calls=calls, calls_first=f", {calls} first" if calls else "")
    return (
        f"{_named(file)}: loading it would run {runs}. It is not loaded, trusted or not; "
        f"save it again with {SAVE_PROGRAM} or {SAVE_WEIGHTS}"
    )


def _named(file: ModelFile) -> str:
    return f"{file.name} ({file.detected.format})"
