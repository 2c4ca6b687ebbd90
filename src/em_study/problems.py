"""What is wrong with a configuration, in words."""

import types
import typing
from dataclasses import dataclass

from pydantic import BaseModel

from em_study.wording import nearest, shown


@dataclass(frozen=True)
class Problem:
    """What is wrong with the value at a path of keys; `origin` is said where a later file has the same key."""

    path: tuple[str | int, ...]
    message: str
    origin: str = ""


def problem_of(detail, model, below=()) -> Problem:
    """Put one of pydantic's error details of a model into words; `below` is where it stands in the configuration."""
    location, model = _resolve(model, detail["loc"])
    location = (*below, *location)
    kind, got = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        return Problem(location, f"unknown key{nearest(location[-1], list(model.model_fields))}")
    if kind == "missing":
        return Problem(location, "is required, but missing")
    if kind == "string_pattern_mismatch" and detail["loc"][-1] == "[key]":
        return Problem(
            location,
            "a claim's number is a capital letter and digits"
            if location[0] == "claims" and len(location) == 2
            else "a name must be lower-case letters, digits and _, begin with a letter, and have at most 64",
        )
    if kind in ("literal_error", "union_tag_invalid"):
        allowed = detail["ctx"].get("expected") or detail["ctx"]["expected_tags"]
        options = [word.strip(" '") for word in allowed.replace(" or ", ",").split(",")]
        value = got.get("source") if kind == "union_tag_invalid" else got
        suffix = ("source",) if kind == "union_tag_invalid" else ()
        return Problem((*location, *suffix), f"is {shown(value)}{nearest(value, options)}")
    if kind == "union_tag_not_found":
        return Problem((*location, "source"), "is required, but missing. Allowed: gaussian_mixture, csv, sklearn")
    if kind == "value_error":
        return Problem(location, str(detail["ctx"]["error"]))
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return Problem(location, f"must be a block of keys and values, got {shown(got)}")
    if kind == "too_short":
        return Problem(location, "must have at least one entry")
    message = detail["msg"].replace("Input should be ", "must be ").replace(" should ", " must ")
    message = message.replace("a valid list", "a list").replace("a valid string", "text")
    return Problem(location, f"{message[0].lower()}{message[1:]}, got {shown(got)}")


def _resolve(model, location):
    """Follow pydantic's location through a model.

    Returns the path of keys in the YAML (pydantic adds union tags and "[key]") and the model that the last
    key belongs to.
    """
    path, annotation = [], model
    for part in location:
        annotation = _plain(annotation)
        if part == "[key]":
            break
        if typing.get_origin(annotation) in (typing.Union, types.UnionType):  # part is the tag of a choice
            annotation = next((choice for choice in typing.get_args(annotation) if part in _tags(choice)), None)
            continue
        path.append(part)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
            known = model.model_fields.get(part)
            annotation = known.annotation if known else None
        else:  # dict[key, value] or list[value]
            annotation = (typing.get_args(annotation) or (None,))[-1]
    return tuple(path), model


def _tags(choice) -> tuple:
    """Name a choice as pydantic does: the values of `source`, or the tag that stands beside the model."""
    if typing.get_origin(choice) is typing.Annotated:
        return tuple(extra.tag for extra in choice.__metadata__)
    return typing.get_args(choice.model_fields["source"].annotation) if hasattr(choice, "model_fields") else ()


def _plain(annotation):
    """Strip Annotated[...] and "| None"."""
    while typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    choices = [a for a in typing.get_args(annotation) if a is not types.NoneType]
    is_union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    return _plain(choices[0]) if is_union and len(choices) == 1 else annotation
