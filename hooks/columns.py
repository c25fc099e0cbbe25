"""The columns of a table, as far as the standard library reads it: CSV, gzip CSV and JSON lines."""

import csv
import difflib
import gzip
import itertools
import json
from pathlib import Path

SEPARATORS = ",;\t|"
CSV = (".csv", ".tsv")
JSON_LINES = (".jsonl", ".ndjson", ".json")
LINES = 10_000  # of JSON lines; in a longer file a later line may have the key


def missing(table: Path, target: str) -> str | None:
    """Return in one line that a table has no column `target`; None if it has one, or if its format is not read here."""
    try:
        names = _names(table)
    except (OSError, ValueError, EOFError, csv.Error):  # the first run reads the whole table and reports better
        return None
    if names is None or target in names:
        return None
    near = difflib.get_close_matches(target, names, 1, 0.6)
    hint = f"did you mean {near[0]!r}?" if near else f"its columns: {', '.join(names[:20])}"
    return f"no column {target!r} in {table.name} ({hint})"


def _names(table: Path) -> list[str] | None:
    name = table.name.lower()
    with (gzip.open if name.endswith(".gz") else open)(table, "rt", encoding="utf-8-sig", newline="") as lines:
        name = name.removesuffix(".gz")
        if name.endswith(JSON_LINES):
            rows = [json.loads(line) for line in itertools.islice(lines, LINES) if line.strip()]
            if next(iter(lines), None) is not None or not all(isinstance(row, dict) for row in rows):
                return None
            return list(dict.fromkeys(key for row in rows for key in row))
        if not name.endswith(CSV):
            return None
        first = next(iter(lines), "")
        separator = max(SEPARATORS, key=lambda each: len(next(csv.reader([first], delimiter=each), [])))
        return next(csv.reader(itertools.chain([first], lines), delimiter=separator), [])
