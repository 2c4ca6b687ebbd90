"""Problems of a configuration, in words."""

import types
import typing
from dataclasses import dataclass
from functools import reduce

from pydantic import BaseModel, ValidationError

from em_study.wording import nearest, shown

CLAIM = "a claim's number is a capital letter and digits"
SLUG = "a name must be lower-case letters, digits and _, begin with a letter, and have at most 64"
NO_BLOCK = "must be a block of keys and values, got {got}"
SAID = {
    "missing": "is required, but missing",
    "too_short": "must have at least one entry",
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), NO_BLOCK),
}


@dataclass(frozen=True)
class Problem:
    """What is wrong with the value at a path of keys; `location` is given if a later file has the same key."""

    path: tuple[str | int, ...]
    message: str
    location: str = ""


def made(model, values, below=()) -> tuple[BaseModel | None, list[Problem]]:
    """Make a model, or list the problems of its values, which stand at `below` in the configuration."""
    try:
        return model.model_validate(values), []
    except ValidationError as error:
        return None, [_problem_of(detail, model, below) for detail in error.errors(include_url=False)]


def right_part(model, values, needed=()):
    """Drop the invalid values of a model, so that the rest can be checked in the same pass.

    None if one of the `needed` keys is invalid, or the values are not a block.
    """
    paths = [problem.path for problem in made(model, values)[1]]
    if any(not path or path[0] in needed for path in paths):
        return None
    right = reduce(_without, paths, values)
    return values if right == values else right_part(model, right, needed)


def _without(values: dict, path) -> dict:
    """Copy values without a key; a list is dropped completely."""
    key, *below = path
    if below and isinstance(values.get(key), dict):
        return values | {key: _without(values[key], below)}
    return {name: value for name, value in values.items() if name != key}


def _problem_of(detail, model, below) -> Problem:
    """Write one of pydantic's error details as a message."""
    location, model, choices = _resolve(model, detail["loc"])
    location = (*below, *location)
    kind, got = detail["type"], detail["input"]
    if kind in SAID:
        message = SAID[kind].format(got=shown(got))
    elif kind == "extra_forbidden":
        message = f"unknown key{nearest(location[-1], _keys(model))}"
    elif kind == "string_pattern_mismatch" and detail["loc"][-1] == "[key]":
        message = CLAIM if location[0] == "claims" and len(location) == 2 else SLUG
    elif kind == "literal_error":
        options = [word.strip(" '") for word in detail["ctx"]["expected"].replace(" or ", ",").split(",")]
        message = f"is {shown(got)}{nearest(got, options)}"
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        location = (*location, key := detail["ctx"]["discriminator"].strip("'"))
        message = f"{SAID['missing']}. Allowed: {', '.join(choices)}"
        if kind == "union_tag_invalid":
            message = f"is {shown(got[key])}{nearest(got[key], choices)}"
    elif kind == "value_error":
        message = str(detail["ctx"]["error"])
    else:
        message = detail["msg"].replace("Input should be ", "must be ").replace(" should ", " must ")
        message = message.replace("a valid list", "a list").replace("a valid string", "text")
        message = f"{message[0].lower()}{message[1:]}, got {shown(got)}"
    return Problem(location, message)


def _keys(model) -> list[str]:
    """Name the keys of a block; of a key with two names, that which the documents use."""
    fields = model.model_fields.items()
    return [field.validation_alias.choices[0] if field.validation_alias else name for name, field in fields]


def _resolve(model, location):
    """Follow pydantic's location through a model.

    Returns the path of keys in the YAML (pydantic adds the tags of choices, and "[key]"), the model that the last key
    belongs to, and the tags of its allowed values.
    """
    path, choices = [], {"": model}
    for part in location:
        if part == "[key]":
            break
        if len(choices) > 1:  # part is the tag of a choice
            choices = {part: choices.get(part)}
            continue
        (here,) = choices.values()
        path.append(part)
        fields = getattr(here, "model_fields", None)
        if fields is not None:
            model = here
            choices = _choices(fields[part].annotation if part in fields else None)
        else:  # dict[key, value] or list[value]
            choices = _choices((typing.get_args(here) or (None,))[-1])
    return tuple(path), model, [*choices]


def _choices(annotation) -> dict:
    """List the types that an annotation allows, except None, by pydantic's tags."""
    tags = []
    while typing.get_origin(annotation) is typing.Annotated:
        annotation, *extras = typing.get_args(annotation)
        tags += [extra.tag for extra in extras if hasattr(extra, "tag")]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(annotation) if part is not types.NoneType]
        return {tag: choice for part in parts for tag, choice in _choices(part).items()}
    source = getattr(annotation, "model_fields", {}).get("source")
    tags = tags or typing.get_args(source and source.annotation)
    return dict.fromkeys(tags or [str(annotation)], annotation)
