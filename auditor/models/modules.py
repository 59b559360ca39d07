"""A torch.nn.Module with its weights in it -> a Model that runs."""

import torch
from torch import nn

from auditor import wording
from auditor.config import Config
from auditor.devices import chosen_device
from auditor.models.buffers import Buffers
from auditor.models.files import ModelFile
from auditor.models.forward import Forward
from auditor.models.hugging_face.folder import stated_names
from auditor.models.model import Model
from auditor.models.shapes import Shape
from auditor.models.trust import Allowed


def running(
    file: ModelFile,
    config: Config,
    allowed: Allowed,
    module: nn.Module,
    *,
    notes: tuple[str, ...],
    training_parts: tuple[str, ...],
) -> Model:
    """The Model of a module in evaluation mode, on the device of the run; `notes` say how it was made."""
    device = chosen_device(config.device)
    module = module.to(device)
    forward = Forward(
        file.name, module, device, module_dtype(module), config.precision, row_shape(module), output=config.output
    )
    autocast = (f"run with autocast to {config.precision}",) if config.precision != "fp32" else ()
    return Model(
        file.path,
        str(file.detected.format),
        file.sha256,
        runs_code=allowed.runs_code,
        device=str(device),
        n_outputs=None,
        class_names=class_names(module),
        input_shape=forward.row_shape,
        notes=(*allowed.notes, *notes, *autocast),
        forward=forward,
        training_parts=training_parts,
        buffers=Buffers(module),
        remarks=forward.remarks,
    )


def in_evaluation_mode(module: nn.Module) -> str:
    """Call eval(), and say how many modules stood in training mode."""
    training = sum(getattr(part, "training", False) for part in module.modules())
    if hasattr(module, "training"):  # a frozen TorchScript program has no mode, and no eval()
        module.eval()
    return f"{wording.plural(training, 'module')} stood in training mode"


def still_training(module: nn.Module) -> tuple[str, ...]:
    """The modules that eval() did not reach."""
    return tuple(
        f"{name or 'the model'} ({type(part).__name__})"
        for name, part in module.named_modules()
        if getattr(part, "training", False)
    )


def module_dtype(module: nn.Module) -> torch.dtype:
    """The type of its first real parameter, which is that of its inputs."""
    return next((p.dtype for p in module.parameters() if p.dtype.is_floating_point), torch.float32)


def row_shape(module: nn.Module) -> Shape | None:
    """Known only where the first layer certainly gets the rows as they are: a Sequential that begins with a Linear."""
    while isinstance(module, nn.Sequential) and len(module):
        module = module[0]
        if isinstance(module, nn.Linear):
            return (module.in_features,)
    return None


def class_names(module: nn.Module) -> tuple[str, ...]:
    """`config.id2label` of a Hugging Face model."""
    return stated_names(getattr(getattr(module, "config", None), "id2label", None))
