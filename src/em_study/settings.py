"""What every block of settings is made of."""

from functools import lru_cache
from typing import Annotated, Any

import pydantic_core
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError


def _readable(name):
    if name in ("nan", "null"):
        raise ValueError(f"must not be '{name}', which tables would be read back without")
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


class Closed(BaseModel):
    """A block of the configuration that takes no other keys than its own and converts nothing silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


@lru_cache
def adapter(kind) -> TypeAdapter:
    """Make what validates values of a kind, once."""
    return TypeAdapter(kind)


def as_params(settings):
    """Write settings, or a dict or list of them, as what a job is given."""
    return pydantic_core.to_jsonable_python(settings)


def from_params(kind, params):
    """Make settings of a kind of what `as_params` has written."""
    return adapter(kind).validate_python(params)


def block(values, key) -> dict:
    """Return a block of keys and values; an empty one, if something else stands there."""
    return values[key] if isinstance(values.get(key), dict) else {}


def valid(kind, raw):
    """Make a value of its kind; None if that cannot be, of which the schema tells."""
    try:
        return adapter(kind).validate_python(raw)
    except ValidationError:
        return None
