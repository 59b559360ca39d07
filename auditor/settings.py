"""The records that auditor.toml is made of: gates, waivers, inputs, policy, images."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    field_validator,
    model_validator,
)

from auditor.addresses import as_written


def _named(value: object) -> object:
    """The text of a number or a truth value, which in Python and TOML may name a class; NumPy's too."""
    plain = value.item() if hasattr(value, "item") else value
    return str(plain) if isinstance(plain, bool | int) else plain


ClassName = Annotated[str, BeforeValidator(_named)]
Name = Annotated[str, StringConstraints(min_length=1)]
Limit = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1)]
Source = Annotated[Path, PlainSerializer(as_written)]
Pixels = Annotated[int, Field(ge=1, strict=True)]


class Record(BaseModel):
    """A frozen record that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class GateSettings(Record):
    """A gate the user states: a metric with a floor or a ceiling."""

    metric: Name
    at_least: Limit | None = None
    at_most: Limit | None = None

    @property
    def limit(self) -> float:
        """The floor or the ceiling."""
        found = self.at_least if self.at_least is not None else self.at_most
        assert found is not None
        return found

    @model_validator(mode="after")
    def one_limit(self) -> Self:
        """Exactly one of the two limits is given, and it is a number."""
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give exactly one of at_least and at_most")
        return self


class Waiver(Record):
    """A finding the user has accepted, with a reason and an end."""

    check: Name
    reason: Name
    by: Name
    expires: str
    subject: str = ""

    @field_validator("expires", mode="before")
    @classmethod
    def as_text(cls, value: object) -> object:
        """A TOML date is as good as its text."""
        return value.isoformat() if isinstance(value, date) else value


class InputSettings(Record):
    """What one input of a model gets: one column or array, or several columns; and its type, where the model names none."""

    of: Name | Annotated[tuple[Name, ...], Field(min_length=1)]
    dtype: Literal["float32", "float64", "int32", "int64", "bool"] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns or the array."""
        return (self.of,) if isinstance(self.of, str) else self.of

    @model_validator(mode="before")
    @classmethod
    def from_names(cls, value: object) -> object:
        """Names alone are what it gets."""
        return value if isinstance(value, dict | cls) else {"of": value}


class PolicySettings(Record):
    """What else a release requires: checks that must pass as gates do."""

    required: tuple[str, ...] = ()
    strict: bool = False


class ImageSettings(Record):
    """How images become features, as they did in training: sizes in pixels, one number or (height, width).

    `white` is what a white pixel becomes before `mean` and `std`: 1, or 255 where the model takes raw pixels. `layout` HW
    is for models that take grey images without a dimension of channels. `resample` is the filter of `resize`, and `centre` whose
    rule says where a crop lies between two pixels. With `upright` images are turned as their EXIF says.
    """

    column: str = ""
    mode: Literal["RGB", "L"] = "RGB"
    resize: Pixels | tuple[Pixels, Pixels] | None = None
    crop: Pixels | tuple[Pixels, Pixels] | None = None
    resample: Literal["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"] = "bilinear"
    centre: Literal["torchvision", "transformers"] = "torchvision"
    upright: bool = False
    mean: tuple[Limit, ...] = ()
    std: tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)], ...] = ()
    white: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    layout: Literal["CHW", "HWC", "HW"] = "CHW"

    @model_validator(mode="after")
    def one_a_channel(self) -> Self:
        """As many means and deviations as the mode has channels."""
        channels = len(self.mode)
        if any(values and len(values) != channels for values in (self.mean, self.std)):
            raise ValueError(f"give one mean and one std for each channel of {self.mode}: {channels}")
        if self.layout == "HW" and channels > 1:
            raise ValueError(
                f'layout HW is for one channel; state mode = "L", or a layout with the {channels} of {self.mode}'
            )
        return self
