"""A saved model on disk -> a Model that runs: what it is, whether it may be loaded, and the loading itself."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from auditor.config import Config
from auditor.errors import UsageError
from auditor.layout import Layout
from auditor.models import trust
from auditor.models.completing import completed
from auditor.models.detection import Format
from auditor.models.files import read_model_file
from auditor.models.inputs import fitted
from auditor.models.model import Model, OutOfMemory

__all__ = ["Model", "OutOfMemory", "completed", "fed", "open_model"]


def open_model(config: Config, live: Callable[..., object] | None = None) -> Model:
    """Load the saved model that the config names, or take the live one.

    What it is gets decided by its content and what may be loaded by trust.py, both before PyTorch is imported.
    ModelRefused where loading would run code that nobody allowed; InputError or UsageError where it cannot be loaded.
    """
    if config.model is None and live is None:
        raise UsageError("no model was given: name a saved model as the first argument, or as `model` in auditor.toml")
    if config.adapter is not None or live is not None:
        return _of_code(config, live)
    assert config.model is not None
    return _opened(config.model, config)


def _of_code(config: Config, live: Callable[..., object] | None) -> Model:
    """A model that the user's own code made or changes the use of."""
    from auditor.models.adapters import open_adapter
    from auditor.models.loaded import adapted, open_live, open_loaded

    adapter = open_adapter(config.adapter)
    if config.output is not None and adapter.scores is not None:
        raise UsageError(
            f"--output {config.output}: the adapter's scores() says already which output is read; leave one of the two out"
        )
    if live is not None:
        return open_live(live, config, adapter)
    assert config.model is not None
    return (
        open_loaded(config.model, config, adapter) if adapter.load else adapted(_opened(config.model, config), adapter)
    )


def _opened(path: Path, config: Config) -> Model:
    file = read_model_file(path)
    allowed = trust.allow(file, config)
    from auditor.devices import use_threads

    use_threads(config.threads)
    if file.detected.format in trust.MODULES or (file.detected.format in trust.WEIGHTS and allowed.runs_code):
        from auditor.models.trusted import open_trusted

        return open_trusted(file, config, allowed)
    if file.detected.format in trust.WEIGHTS:
        from auditor.models.weights import open_weights

        return open_weights(file, config, allowed)
    if file.detected.format is Format.HUGGING_FACE:
        from auditor.models.hugging_face.opening import open_folder

        return open_folder(file, config, allowed)
    if file.detected.format is Format.ONNX:
        from auditor.models.onnx_session import open_onnx

        return open_onnx(file, config, allowed.notes)
    from auditor.models.exported import open_program

    return open_program(file, config, allowed)


def fed(model: Model, layout: Layout) -> Model:
    """The model as it takes rows of this layout: several inputs, or columns by name for the user's `prepare`.

    InputError where the model takes several inputs and the layout does not say what each one gets.
    """
    from auditor.models.forward import Forward

    if not isinstance(model.forward, Forward):
        return model
    prepares = model.forward.adapter.prepare is not None
    taken = layout if prepares else fitted(model.inputs, layout, model.path.name)
    row_shape = None if taken.parts or prepares else model.forward.row_shape
    forward = replace(model.forward, layout=taken, row_shape=row_shape)
    return replace(model, forward=forward, remarks=forward.remarks, input_shape=row_shape)
