"""Typed documents: frozen dataclasses that are written as JSON and read back."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cairn.errors import InputError

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

__all__ = ["read_document", "to_json"]

T = TypeVar("T")
OPTIONAL = {"optional": True}  # metadata of a field that JSON leaves out where it is None
STRICT = {"strict": True}  # metadata of a field that takes its own type alone: of a bool, neither 1 nor "yes"
INLINE = {"inline": True}  # metadata of the mapping of an `Inlined` document
CHANGED = "the file was changed, or another version wrote it"


class Inlined:
    """A document with a mapping, the field with `INLINE`, whose items JSON has beside the other fields."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        """Gather the items of the mapping before the fields are checked."""
        from pydantic_core import core_schema

        return core_schema.no_info_before_validator_function(cls._gather, handler(source))

    @classmethod
    def _gather(cls, content: Any) -> Any:
        if not isinstance(content, Mapping):
            return content
        others = {field.name for field in fields(cls) if not field.metadata.get("inline")}  # type: ignore[arg-type]
        (inline,) = (field.name for field in fields(cls) if field.metadata.get("inline"))  # type: ignore[arg-type]
        gathered = {key: value for key, value in content.items() if key not in others}
        return {key: value for key, value in content.items() if key in others} | {inline: gathered}


def to_json(document: Any) -> Any:
    """Convert a document, with all that is nested in it, to what `json.dumps` accepts; fields keep their order."""
    if is_dataclass(document):
        content: dict[str, Any] = {}
        for field in fields(document):
            value = getattr(document, field.name)
            if field.metadata.get("inline"):
                content |= to_json(value)
            elif value is not None or not field.metadata.get("optional"):
                # A key that is a word of Python, such as `class`, is the field's alias; pydantic knows it, too.
                content[field.metadata.get("alias", field.name)] = to_json(value)
        return content
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
        raise InputError(": ".join(filter(None, [where, place, f"{first['msg']}; {CHANGED}"]))) from None


def parse_document(kind: type[T], text: str, where: str) -> T:
    """Parse the text of a JSON file, and build the document; see `from_json`.

    Raises
    ------
    InputError : the text is not JSON, a key is missing, or a value has another type
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise InputError(f"{where}: not valid JSON: {error}; {CHANGED}") from None
    return from_json(kind, content, where)


def read_document(kind: type[T], path: Path) -> T:
    """Read a JSON file, and build the document; see `parse_document`."""
    return parse_document(kind, path.read_text(encoding="utf-8"), str(path))
