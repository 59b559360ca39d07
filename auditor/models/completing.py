"""What a saved model says of its own use, where the user said nothing."""

from auditor import wording
from auditor.config import Config
from auditor.errors import UsageError
from auditor.models.model import Model


def completed(config: Config, model: Model | None) -> Config:
    """The configuration with the kind of outputs, the labels and the preparation of images that the model's files state.

    UsageError where labels are stated in another order than that of the outputs, or none are where they are needed.
    """
    if model is None:
        return config
    found: dict[str, object] = {}
    if model.output_kind and config.output_kind is None:
        found["output_kind"] = model.output_kind
    if model.multilabel:
        found["labels"] = _labels(config, model)
    return config.model_copy(update=found)


def _labels(config: Config, model: Model) -> tuple[str, ...]:
    own = model.class_names
    if not config.labels and not own:
        raise UsageError(
            f"{model.path.name} gives a row several labels and does not name them: name their columns with --labels, in the "
            "order of the outputs"
        )
    if config.labels and set(config.labels) == set(own) and config.labels != own:
        order = ", ".join(wording.name(name) for name in own)
        raise UsageError(f"--labels names the labels in another order than that of the outputs, which is {order}")
    return config.labels or own
