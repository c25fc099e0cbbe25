"""An answer as text: an aligned table, CSV or JSON, written as the rows come."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Literal, TextIO
from unicodedata import east_asian_width

from cairn.errors import InputError
from cairn.tables.query import Answer

Format = Literal["table", "csv", "json"]

WIDEST = 60  # characters of a cell of a table; CSV and JSON have all of it
NONE = "NULL"
NUMBERS = ("INT", "INTEGER")  # the ends of the whole numbers' types


def write(answer: Answer, form: Format, out: TextIO) -> None:
    """Write an answer.

    Parameters
    ----------
    answer : its values as text, unless the form is `json`
    form : `table` is for eyes; `csv` has a header, and an empty cell where there is no value; `json` is an array with
        one object a line
    out : where to

    Raises
    ------
    InputError : a value that the form cannot say
    """
    {"table": _table, "csv": _csv, "json": _json}[form](answer, out)
    out.flush()


def _table(answer: Answer, out: TextIO) -> None:
    """Align columns by the first batch; what is wider later on stands out of line, but nothing waits for it."""
    batches = iter(answer.batches)
    first = [list(map(_cell, row)) for row in next(batches, [])]
    header = [_cell(name) for name in answer.names]
    widths = [max(map(_width, column)) for column in zip(header, *first, strict=True)]
    right = [kind.startswith(("DECIMAL", "DOUBLE", "FLOAT")) or kind.endswith(NUMBERS) for kind in answer.types]
    out.write(_line(header, widths, right) + "\n")
    out.write("  ".join("-" * width for width in widths) + "\n")
    count = 0
    for batch in chain([first], ([list(map(_cell, row)) for row in batch] for batch in batches)):
        out.writelines(_line(row, widths, right) + "\n" for row in batch)
        count += len(batch)
    out.write(f"({count:,} {'row' if count == 1 else 'rows'})\n")


def _csv(answer: Answer, out: TextIO) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(answer.names)
    for batch in answer.batches:
        writer.writerows(batch)


def _json(answer: Answer, out: TextIO) -> None:
    start = "[\n"
    for row in chain.from_iterable(answer.batches):
        out.write(start + _object(answer.names, row))
        start = ",\n"
    out.write("[]\n" if start == "[\n" else "\n]\n")


def _object(names: Sequence[str], row: Sequence[Any]) -> str:
    import orjson

    try:
        # not-a-number and infinity become null, which orjson takes care of; times are ISO 8601
        return orjson.dumps(dict(zip(names, row, strict=True)), default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, orjson.JSONEncodeError) as error:
        raise InputError(f"--format json: {error}; cast the column in the query, such as ::VARCHAR") from error


def _line(cells: Iterable[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = []
    for cell, width, to_right in zip(cells, widths, right, strict=True):
        gap = " " * (width - _width(cell))
        parts.append(gap + cell if to_right else cell + gap)
    return "  ".join(parts).rstrip()


def _cell(value: str | None) -> str:
    """Give a value on one line, with nothing in it that moves a terminal's cursor."""
    if value is None:
        return NONE
    text = value if value.isprintable() else "".join(_visible(value))
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def _visible(text: str) -> Iterator[str]:
    return (each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def _width(text: str) -> int:
    return len(text) if text.isascii() else sum(2 if east_asian_width(each) in "WF" else 1 for each in text)
