"""Base class and types of all blocks of settings."""

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any

import pydantic_core
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)

from em_study.wording import shown


def _readable(name):
    if name in ("nan", "null"):
        raise ValueError("must not be 'nan' or 'null': pandas reads these names back as missing values")
    return name


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$"), AfterValidator(_readable)]


Name = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]{1,2000}$")]


Vector = Annotated[list[float], Field(min_length=1, max_length=1000)]


def _scalar(value):
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"must be one word or number, got {value}")
    return value


Scalar = Annotated[Any, AfterValidator(_scalar)]


class Written(float):
    """A number with its text in a file, which shows the digits that were printed. In a pickle it is a plain number."""

    def __new__(cls, text: str):
        """Read it."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __reduce__(self):
        """Drop the text: the parameters of a job depend on the number alone."""
        return float, (float(self),)


def printed(number) -> Decimal:
    """Give a number with the digits that were printed: 0.60 has two."""
    try:
        if isinstance(number, (int, float)) and not isinstance(number, bool):
            number = getattr(number, "text", repr(number))
        return Decimal(number)
    except (InvalidOperation, TypeError, ValueError):
        raise ValueError(f"must be a number, got {shown(number)}") from None


def half_digit(number: Decimal) -> float:
    """Give half of the last digit of a printed number; of a whole number, 0.5."""
    return float(Decimal(5).scaleb(min(number.as_tuple().exponent, 0) - 1))


Printed = Annotated[Decimal, BeforeValidator(printed), WithJsonSchema({"type": "number"})]


class Closed(BaseModel):
    """A block of the configuration that rejects unknown keys and converts nothing silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


@lru_cache
def adapter(kind) -> TypeAdapter:
    """Make the validator of a type, once."""
    return TypeAdapter(kind)


def as_params(settings):
    """Convert settings, or a dict or list of them, to the parameters of a job."""
    return pydantic_core.to_jsonable_python(settings)


def from_params(kind, params):
    """Convert parameters of a job, made by `as_params`, to settings of a type."""
    return adapter(kind).validate_python(params)


def block(values, key) -> dict:
    """Return a block of keys and values; an empty one if the value is something else."""
    return values[key] if isinstance(values.get(key), dict) else {}


def valid(kind, raw):
    """Make a value of its type; None if it is invalid, which the schema reports."""
    try:
        return adapter(kind).validate_python(raw)
    except ValidationError:
        return None
