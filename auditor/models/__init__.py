"""A saved model on disk -> a Model that runs: what it is, whether it may be loaded, and the loading itself."""

from auditor.config import Config
from auditor.errors import UsageError
from auditor.models import trust
from auditor.models.files import read_model_file
from auditor.models.model import Model, OutOfMemory

__all__ = ["Model", "OutOfMemory", "open_model"]


def open_model(config: Config) -> Model:
    """Load the saved model that the config names.

    What it is gets decided by its content and what may be loaded by trust.py, both before PyTorch is imported.
    ModelRefused where loading would run code that nobody allowed; InputError or UsageError where it cannot be loaded.
    """
    if config.model is None:
        raise UsageError("no model was given: name a saved model as the first argument, or as `model` in auditor.toml")
    file = read_model_file(config.model)
    allowed = trust.allow(file, config)
    from auditor.devices import use_threads

    use_threads(config.threads)
    if file.detected.format in trust.MODULES or (file.detected.format in trust.WEIGHTS and allowed.runs_code):
        from auditor.models.trusted import open_trusted

        return open_trusted(file, config, allowed)
    if file.detected.format in trust.WEIGHTS:
        from auditor.models.weights import open_weights

        return open_weights(file, config, allowed)
    from auditor.models.exported import open_program

    return open_program(file, config, allowed)
