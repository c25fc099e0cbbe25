"""Read the user's own table: CSV, JSON lines, Parquet or Arrow, from this disk, a web server or S3."""

import csv
import gzip
import hashlib
import json
import re
import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from glob import escape
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

from pipeline.data.duck import connect, literal, quoted
from pipeline.data.source import Source, require_columns
from pipeline.errors import InputError, did_you_mean
from pipeline.files import remove, written

if TYPE_CHECKING:
    import duckdb

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}
DELIMITERS = ",;\t|"
CONNECT_SECONDS, READ_SECONDS = 5.0, 10.0
BLANKS = [" " * n for n in range(9)]  # what the CSV reader takes for an empty cell, also in a column of numbers


@dataclass(frozen=True, kw_only=True)
class File(Source):
    """One table in one file; its rows keep their order, and the same file gives the same bytes.

    In text formats an empty cell and a text of blanks alone are missing, and columns get the types that DuckDB finds
    in the first 20,480 rows: numbers, booleans, ISO dates and timestamps, else text. Parquet and Arrow bring their
    types, and their texts are kept as they are. A `time` column of text becomes a timestamp. Blanks around column
    names are cut off.

    Parameters
    ----------
    path : a path, or an address that starts with http://, https:// or s3:// (credentials: the usual AWS_* variables)
    sha256 : the checksum of the file as it lies there, before it is unpacked; None: not checked
    format : `auto` goes by the name's ending (.gz after it is fine for CSV and JSON lines)
    delimiter : what stands between the cells of a CSV file; None: what parts its first line best of , ; tab and |
    columns : the columns' names, for a CSV file without a header
    missing : texts that mean missing, such as `?`, besides the empty one
    types : column -> DuckDB type, such as `zip: VARCHAR`, where the type found is not the one meant
    endpoint : the S3 server's address; None: AWS_ENDPOINT_URL, else Amazon's own
    """

    target: str | None = None  # type: ignore[assignment]  # null in file.yaml; refused below, so never None later
    path: str | None = None
    sha256: str | None = None
    format: Literal["auto", "csv", "parquet", "jsonl", "arrow"] = "auto"
    delimiter: str | None = None
    columns: Sequence[str] = field(default_factory=tuple)
    missing: Sequence[str] = field(default_factory=tuple)
    types: Mapping[str, str] = field(default_factory=dict)
    endpoint: str | None = None

    def __post_init__(self) -> None:
        if not self.path:
            raise InputError("data.path: say which file, e.g. -S data.path=my.csv")
        if not self.target:
            raise InputError("data.target: say which column to predict, e.g. -S data.target=income")
        if self.delimiter is not None and len(_character(self.delimiter)) != 1:
            raise InputError(f"data.delimiter: {self.delimiter!r} is not one character")
        self._kind()

    def ingest(self, raw: Path, truth: Path) -> None:
        """Write `raw/table.parquet`; the data are read and written once, and a Parquet file as it is is copied.

        Raises
        ------
        InputError : the file is not there, is not what its format says, or a role names no column of it
        """
        with _at_hand(self, raw) as file, written(raw / "table.parquet") as partial, connect(threads=1) as connection:
            if file.stat().st_size == 0:
                raise InputError(f"{self.name}: the file is empty")
            try:
                rows = _Reading(self, file, connection).write(partial)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise InputError(f"{self.name}: its gzip stream is broken or cut short; fetch it again") from error
            if rows == 0:
                raise InputError(f"{self.name}: no rows, only {'columns' if self.columns else 'a header'}")

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return Path(urlsplit(self._path).path if "://" in self._path else self._path).name

    @property
    def _path(self) -> str:
        return cast(str, self.path)

    def _kind(self) -> str:
        if self.format != "auto":
            if self.format not in FORMATS.values():
                raise InputError(f"data.format: no format {self.format!r} {did_you_mean(self.format, FORMATS.values())}")
            return self.format
        ending = Path(self.name.lower().removesuffix(".gz")).suffix
        if ending not in FORMATS:
            known = ", ".join(dict.fromkeys(FORMATS.values()))
            raise InputError(f"data.format: the name {self.name!r} does not tell the format; say which one: {known}")
        return FORMATS[ending]


class _Reading:
    """One file being read by one connection: what is found in it, and what went wrong with it."""

    def __init__(self, source: File, file: Path, connection: "duckdb.DuckDBPyConnection") -> None:
        self.source, self.file, self.connection = source, file, connection
        self.kind = source._kind()
        self.glob = literal(escape(str(file)))
        self.delimiter = ","
        self.casts: dict[str, str] = {}
        self.scan = ""

    def write(self, partial: Path) -> int:
        """Write the Parquet file; return its number of rows."""
        import duckdb

        try:
            names = getattr(self, f"_open_{self.kind}")()
            require_columns(self.source, names, self.source.name)
            table = self.connection.sql(f"FROM {self.scan}")
            held = dict(zip(table.columns, map(str, table.types), strict=True))
            cells = [self._cell(*each) for each in zip(names, held.items(), strict=True)]
            if self.kind == "parquet" and cells == [quoted(name) for name in names]:
                shutil.copyfile(self.file, partial)
                return self._first(f"SELECT count(*) FROM {self.scan}")[0]
            return self._first(f"COPY (SELECT {', '.join(cells)} FROM {self.scan}) TO {literal(partial)} (FORMAT parquet)")[0]
        except duckdb.Error as error:
            raise self._explained(error, partial) from error

    def _open_csv(self) -> list[str]:
        first = self._first_row()
        names = _checked(self.source.name, list(self.source.columns) or first)
        if len(names) != len(first):
            raise InputError(f"data.columns: {len(names)} names for the {len(first)} columns of {self.source.name}")
        self._check_types(names)
        missing = [pad + text for text in self.source.missing for pad in ("", " ")]
        self.options = {
            "delim": literal(self.delimiter),
            "quote": literal('"'),  # said, since a quote after the first rows is else a part of the text
            "escape": literal('"'),
            "header": "false" if self.source.columns else "true",
            "nullstr": _list(BLANKS + missing),
            "compression": literal("gzip" if _is_gzip(self.file) else "none"),
            "skip": "0",
        }
        self.scan = self._csv(names=_list(names), types=_struct(self.source.types))
        self.names = names
        return names

    def _csv(self, **options: str) -> str:
        stated = {key: value for key, value in (self.options | options).items() if value != "{}"}
        return f"read_csv({self.glob}, {', '.join(f'{key} = {value}' for key, value in stated.items())})"

    def _first_row(self) -> list[str]:
        """Read the names; find the delimiter in the first line, where the shape of a table shows best."""
        try:
            with _opened(self.file) as stream, TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
                line = text.readline()
                best = max(DELIMITERS, key=lambda each: len(next(csv.reader([line], delimiter=each), [])))
                self.delimiter = _character(self.source.delimiter or best)
                names = next(csv.reader(_with_rest(line, text), delimiter=self.delimiter), [])
        except UnicodeDecodeError as error:
            raise self._not_utf8() from error
        if not line:
            raise InputError(f"{self.source.name}: the file is empty")
        if len(names) == 1 and best in line and self.delimiter != best:
            raise InputError(
                f"data.delimiter: {self.source.name} is one column {names[0]!r} with {self.delimiter!r}; "
                f"{best!r} would part it"
            )
        return names

    def _open_jsonl(self) -> list[str]:
        def scan(sample: int, columns: str = "{}") -> str:
            given = f"columns = {columns}" if columns != "{}" else f"records = true, sample_size = {sample}"
            return f"read_json({self.glob}, {given}, compression = {literal(packing)})"

        packing = "gzip" if _is_gzip(self.file) else "none"
        keys = self._first_keys()
        self.scan = scan(20480)
        self.again = scan(-1)  # sees every row, at the price of reading twice
        ...
        return keys
