"""Settings that are each right and do not go together."""

from typing import TYPE_CHECKING

from auditor.errors import UsageError

if TYPE_CHECKING:
    from auditor.config import Config


def consistent(config: "Config") -> "Config":
    """The settings of a run as they are to be used; raise UsageError where two contradict each other or one has no effect."""
    refuse_beside_a_model(config)
    if config.history is None and config.epoch is not None:
        raise UsageError("--epoch says which epoch of a training history is audited: give --history FILE too")
    if config.save_overlap and (config.predictions is not None or (config.train is None and config.loader is None)):
        raise UsageError("--save-overlap lists the test rows that stand in train: give a model, and --train FILE too")
    if config.predictions is not None:
        _refuse_beside_predictions(config)
        config = config.model_copy(update={"model": None, "test": config.predictions, "model_class": None})
    elif config.model is None:
        raise UsageError("no model: give MODEL, or --predictions FILE for a table of labels and predictions")
    if config.loader is not None and (config.test or config.train or config.validation):
        raise UsageError("give either --loader or files of rows, not both: the function gives every split")
    if config.test is None and config.loader is None:
        raise UsageError("no test data: give --test FILE with the rows the model is to be judged on")
    return config


def refuse_beside_a_model(config: "Config") -> None:
    """Raise UsageError for settings that a model makes idle, or that make a column both a feature and something else."""
    if config.predicted is not None and config.predictions is None:
        raise UsageError(
            "--predicted names the decisions in a table of --predictions; a model is given, and its own answers are judged"
        )
    if config.weight is not None and config.weight in config.features:
        raise UsageError(
            f"--weight {config.weight}: the column is among `features` too; take it out of one: how much a row counts is "
            "not known when the model is used"
        )


def _refuse_beside_predictions(config: "Config") -> None:
    unused = [key for key in ("output", "adapter", "loader") if getattr(config, key) is not None]
    if unused:
        raise UsageError(f"--{unused[0]} is about running a model, and --predictions are what it has already said")
    if config.model is not None and config.origin is None:
        raise UsageError(
            "give either a MODEL or --predictions, not both: predictions are what a model has already said"
        )
    if config.test is not None and config.origin is None:
        raise UsageError("give either --test or --predictions, not both: the predictions are those of the test data")
