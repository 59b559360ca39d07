"""auditor.toml and the options of a run, merged into one frozen Config."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

from pydantic import Field, StringConstraints, ValidationError

from auditor import wording
from auditor.addresses import is_address
from auditor.contradictions import consistent, refuse_beside_a_model
from auditor.errors import InputError, UsageError
from auditor.settings import (
    ClassName,
    GateSettings,
    ImageSettings,
    InputSettings,
    Name,
    PolicySettings,
    Record,
    Share,
    Source,
    Waiver,
)

FORMATS = ("html", "pdf", "json")
PATH_KEYS = ("model", "predictions", "test", "train", "validation", "history", "adapter")
TRUSTING_KEYS = ("sha256", "trust_model_code", "checks", "adapter", "loader", "model_class")


class Config(Record):
    """Everything a run was asked for; file names are absolute.

    `origin` is the auditor.toml it came from, if any, and `stated` the criteria that the user stated: empty means defaults.
    """

    model: Path | None = None
    predictions: Source | None = None
    test: Source | None = None
    train: Source | None = None
    validation: Source | None = None
    history: Source | None = None
    history_train: str = ""
    history_validation: str = ""
    history_run: str = ""
    epoch: Annotated[float, Field(allow_inf_nan=False)] | None = None

    target: Name = "label"
    positive: ClassName | None = None
    predicted: Name | None = None
    ids: tuple[str, ...] = ()
    group: Name | None = None
    weight: Name | None = None
    time: Name | None = None
    classes: tuple[ClassName, ...] = ()
    labels: tuple[Name, ...] = ()
    features: tuple[str, ...] = ()
    categories: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    inputs: dict[Name, InputSettings] = Field(default_factory=dict)
    x: Name = "x"
    y: Name = "y"
    image: ImageSettings | None = None
    ignore_index: int | None = None

    model_class: str | None = None
    model_args: dict[str, Any] = Field(default_factory=dict)
    adapter: Path | None = None
    loader: str | None = None
    sha256: str | None = None
    trust_model_code: bool = False
    output: Annotated[str, StringConstraints(min_length=1)] | None = None
    output_kind: Literal["logits", "log-probabilities", "probabilities", "sigmoid"] | None = None
    device: Annotated[str, StringConstraints(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")] = "auto"
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    batch_size: Annotated[int, Field(ge=1, strict=True)] | Literal["auto"] = "auto"
    threads: Annotated[int, Field(ge=1)] | None = None

    preset: Literal["balanced", "screening", "fraud", "spam", "ranking"] | None = None
    threshold: Share | None = None
    thresholds: dict[str, Share] = Field(default_factory=dict)
    gates: tuple[GateSettings, ...] = ()
    limits: dict[str, dict[str, Any]] = Field(default_factory=dict)
    policy: PolicySettings = PolicySettings()
    prior: dict[ClassName, Share] = Field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    checks: tuple[Path, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    format: tuple[Literal["html", "pdf", "json"], ...] = FORMATS  # type: ignore[assignment]
    out: Path = Path("audit")
    save_overlap: bool = False
    quiet: bool = False
    origin: Path | None = None

    @property
    def criteria_stated(self) -> bool:
        """Whether the user chose what the model is held to."""
        return bool(self.preset or self.gates or self.limits or self.policy.required)

    @property
    def preset_name(self) -> str:
        """The preset in force."""
        return self.preset or "balanced"


RECORDS: dict[int | str, type[Record]] = {
    "gates": GateSettings,
    "waivers": Waiver,
    "inputs": InputSettings,
    "policy": PolicySettings,
    "image": ImageSettings,
}


def load_config(options: Mapping[str, Any], path: Path | None, folder: Path) -> Config:
    """Merge an auditor.toml with the options of the command line, which win.

    `path` is the file named by `--config`; without it `auditor.toml` in `folder` is used where it exists, and keys that
    grant trust are then refused. Raises UsageError, naming file, key and what was expected.
    """
    found = path or folder / "auditor.toml"
    table: dict[str, Any] = {}
    if path is not None or found.is_file():
        table = _read_toml(found)
        _refuse_own_trust(table, found, named=path is not None)
        _anchor_paths(table, found.resolve().parent)
        table["origin"] = found.resolve()
    given = {key: value for key, value in options.items() if value not in (None, (), {}, False)}
    table |= _anchor_paths(dict(given), folder)
    try:
        config = Config.model_validate(table)
    except ValidationError as error:
        raise UsageError(_first_error(error, found, given)) from error
    return consistent(config)


def config_of(settings: Mapping[str, Any], folder: Path) -> Config:
    """The Config of settings given in code, their paths seen from `folder`; UsageError where one is wrong."""
    try:
        config = Config.model_validate(_anchor_paths(dict(settings), folder))
    except ValidationError as error:
        raise UsageError(_first_error(error, Path("auditor.audit()"), {})) from error
    refuse_beside_a_model(config)
    return config


def parse_gate(text: str) -> GateSettings:
    """Read `recall[fraud]>=0.9`; raise UsageError with an example where it cannot be read."""
    for sign, key in ((">=", "at_least"), ("<=", "at_most")):
        metric, found, limit = text.partition(sign)
        if found and metric.strip():
            try:
                return GateSettings(metric=metric.strip(), **{key: float(limit)})
            except ValueError:
                break
    raise UsageError(f"--gate {text!r}: expected METRIC>=NUMBER or METRIC<=NUMBER, as in 'recall[fraud]>=0.9'")


def parse_prior(text: str) -> tuple[str, float]:
    """Read `fraud=0.01`; raise UsageError with an example where it cannot be read."""
    name, found, share = text.rpartition("=")
    try:
        return (name, float(share)) if found and name else _refuse_prior(text)
    except ValueError:
        return _refuse_prior(text)


def _refuse_prior(text: str) -> NoReturn:
    raise UsageError(f"--prior {text!r}: expected CLASS=SHARE with a share between 0 and 1, as in 'fraud=0.01'")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name an auditor.toml that exists") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not valid TOML: {error}") from error


def _refuse_own_trust(table: Mapping[str, Any], path: Path, *, named: bool) -> None:
    for key in () if named else TRUSTING_KEYS:
        if key in table:
            raise UsageError(
                f"{path}: `{key}` lets code run, which a file found by itself may not; run with --config {path.name}"
            )
    inside = (path.parent / str(table.get("out", "."))).resolve().is_relative_to(path.parent.resolve())
    if not named and not inside:
        raise UsageError(
            f"{path}: `out` leads out of its folder, which a file found by itself may not; run with --config {path.name}"
        )
    if table.get("origin") is not None:
        raise UsageError(f"{path}: unknown key `origin`")


def _anchor_paths(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    for key in PATH_KEYS:
        if isinstance(table.get(key), str | Path) and not is_address(Path(table[key])):
            table[key] = (folder / table[key]).absolute()
    if isinstance(table.get("checks"), list | tuple):
        table["checks"] = tuple(
            (folder / item).absolute() if isinstance(item, str | Path) else item for item in table["checks"]
        )
    return table


def _first_error(error: ValidationError, path: Path, given: Mapping[str, Any]) -> str:
    problems = error.errors()
    problem = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
    key = ".".join(str(part) for part in problem["loc"]) or "settings"
    where = f"--{key.replace('_', '-')}" if str(problem["loc"][:1]).strip("(),'") in given else f"{path}: `{key}`"
    if problem["type"] == "extra_forbidden":
        record = RECORDS[problem["loc"][0]] if len(problem["loc"]) > 1 else Config
        known = sorted(set(record.model_fields) - {"origin"})
        return (
            f"{where} is not a setting{wording.meant(str(problem['loc'][-1]), known)}; the settings are "
            f"{', '.join(known)}"
        )
    return f"{where}: {problem['msg'].removeprefix('Value error, ')}, found {problem['input']!r}"
