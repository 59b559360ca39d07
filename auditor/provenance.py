"""Where the figures came from: files and their hashes, versions, device, command, settings, time."""

import platform
import shlex
import sys
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from auditor.addresses import as_written
from auditor.config import Config
from auditor.data.split import Split, Splits
from auditor.measurements import Measurements
from auditor.models.model import Model
from auditor.report import DataFile, ModelFile, Provenance

VERSIONED = (
    "auditor", "torch", "onnxruntime", "transformers", "tokenizers", "numpy", "scipy", "pyarrow", "safetensors", "matplotlib",
    "weasyprint",
)  # fmt: skip
SEED = "audit-v1"


def provenance(
    config: Config,
    model: Model | None,
    splits: Splits,
    measurements: Measurements,
    *,
    started: datetime,
    seconds: float,
) -> Provenance:
    """Everything needed to run the audit again and to see that nothing was exchanged."""
    return Provenance(
        model=None if model is None else _model_file(model, measurements),
        data=(*(_data_file(split) for split in splits.given), *_history_file(measurements)),
        versions={
            "python": platform.python_version(),
            **{name: found for name in VERSIONED if (found := _version(name))},
        },
        platform=platform.platform(),
        device=model.device if model else "none: predictions were given",
        command=shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        config=config.model_dump(mode="json", exclude_defaults=True),
        seed=SEED,
        started=started.isoformat(timespec="seconds"),
        seconds=round(seconds, 3),
        class_names_from=splits.class_names_from,
        positive_from=splits.positive_from,
        settings={
            "precision": config.precision,
            "batch size": str(config.batch_size),
            "threads": str(config.threads or "automatic"),
            **({"images": splits.test.preparation} if splits.test.preparation else {}),
            **_history_settings(measurements),
        },
    )


def _model_file(model: Model, measurements: Measurements) -> ModelFile:
    probe = measurements.probe
    kind = str(probe.output_kind) if probe else "unknown"
    return ModelFile(str(model.path), model.format, model.sha256, model.runs_code, kind, model.load_report)


def _data_file(split: Split) -> DataFile:
    return DataFile(split.name, split.origin or as_written(split.path), split.format, split.sha256, split.n_rows)


def _history_file(measurements: Measurements) -> tuple[DataFile, ...]:
    history = measurements.training_history
    return (
        ()
        if history is None
        else (DataFile("history", as_written(history.path), history.format, history.sha256, len(history.epochs)),)
    )


def _history_settings(measurements: Measurements) -> dict[str, str]:
    """How the training history was read, and which of its epochs the model is taken to be."""
    history = measurements.training_history
    if history is None:
        return {}
    known = "the last, as none was stated" if history.audited is None else "stated"
    return {
        "training history": "; ".join(history.notes),
        "audited epoch": f"{history.unit} {history.audited_epoch:g} ({known})",
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
