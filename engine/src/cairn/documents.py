"""Typed documents: frozen dataclasses that are written as JSON and read back."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from cairn.errors import InputError

__all__ = ["to_json"]

T = TypeVar("T")
OPTIONAL = {"optional": True}  # metadata of a field that JSON leaves out where it is None


def to_json(document: Any) -> Any:
    """Convert a document, with all that is nested in it, to what `json.dumps` accepts; fields keep their order."""
    if is_dataclass(document):
        # A field whose JSON key is a word of Python, such as `class`, has the key as its alias; pydantic knows it too.
        values = {
            each.metadata.get("alias", each.name): (each, getattr(document, each.name)) for each in fields(document)
        }
        return {
            name: to_json(value)
            for name, (each, value) in values.items()
            if value is not None or not each.metadata.get("optional")
        }
    if isinstance(document, Mapping):
        return {key: to_json(value) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [to_json(value) for value in document]
    return document


def from_json(kind: type[T], content: Any, where: str) -> T:
    """Check JSON against a document's fields and build the document.

    Parameters
    ----------
    kind : the dataclass
    content : as `json.loads` returns it; keys that the dataclass does not have are ignored
    where : the file, for the message

    Raises
    ------
    InputError : a key is missing, or a value has another type
    """
    from pydantic import TypeAdapter, ValidationError  # `compose` imports typed documents, and reads none

    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(
            f"{where}: {place}: {first['msg']}; the file was changed, or another version wrote it"
        ) from None
