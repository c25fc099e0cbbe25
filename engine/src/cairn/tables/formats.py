"""What DuckDB needs to be told to read each format, and how its refusals become one line."""

import csv
import gzip
import itertools
import json
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from glob import escape
from io import TextIOWrapper
from pathlib import Path
from reprlib import repr as short
from typing import IO, TYPE_CHECKING, Any, cast

from cairn.errors import InputError, did_you_mean
from cairn.tables.duck import literal, quoted, write_rows
from cairn.tables.source import require_columns

if TYPE_CHECKING:
    import duckdb

DELIMITERS = ",;\t|"
BLANK_CELLS = [" " * n for n in range(9)]  # what the CSV reader takes for missing in a column of numbers


@dataclass(frozen=True)
class TableSpec:
    """What is known of a table in a file before it is read.

    Parameters
    ----------
    name : the file's name, for messages
    kind : csv, jsonl, parquet or arrow
    delimiter, columns, missing, types : as in `cairn.tables.file.File`
    time : the column whose text becomes a timestamp
    roles : role of conf/data -> the columns that it names; the table must have them
    """

    name: str
    kind: str
    delimiter: str | None = None
    columns: Sequence[str] = ()
    missing: Sequence[str] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    time: str | None = None
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)


def write(source: TableSpec, file: Path, connection: "duckdb.DuckDBPyConnection", partial: Path) -> int:
    """Write a local file as Parquet, each column with the type that it has or is said to have.

    Parameters
    ----------
    source : its format, and what conf/data says of its columns
    file : the file on this disk
    connection : an open database
    partial : the Parquet file to write

    Returns
    -------
    int : how many rows were written

    Raises
    ------
    InputError : the file is not what its format says, or a role names no column of it
    """
    import duckdb

    table = READERS[source.kind](source, file, connection)
    try:
        table.open()
        try:
            return _copy(table, partial)
        except duckdb.InvalidInputException:
            if not table.look_again():
                raise
            return _copy(table, partial)
    except duckdb.Error as error:
        first = str(error).split("\n")[0].partition("Error: ")[2].replace(str(file), source.name)
        raise InputError(f"{source.name}{table.trouble(partial) or f': {first}'}") from error


def _copy(table: "_Table", partial: Path) -> int:
    cells, names = table.cells(), [quoted(name) for name in table.names]
    if isinstance(table, _Parquet) and cells == names:
        shutil.copyfile(table.file, partial)
        return int(table.rows(f"SELECT count(*) FROM {table.scan}")[0][0])
    columns = ", ".join(cell if cell == name else f"{cell} AS {name}" for cell, name in zip(cells, names, strict=True))
    return write_rows(table.connection.sql(f"SELECT {columns} FROM {table.scan}"), partial)


class _Table:
    """A file as DuckDB reads it."""

    blanks_are_missing = False

    def __init__(self, source: TableSpec, file: Path, connection: "duckdb.DuckDBPyConnection") -> None:
        self.source, self.file, self.connection = source, file, connection
        self.path = literal(escape(str(file)))
        self.packing = literal("gzip" if _is_gzip(file) else "none")
        self.scan = ""  # what stands after FROM
        self.names: list[str] = []
        self.casts: dict[str, tuple[str, str]] = {}  # column -> its text or value, the type it shall have

    def open(self) -> None:
        """Find the names, check what was said of them, and set `scan`."""
        raise NotImplementedError

    def look_again(self) -> bool:
        """Say whether a second look at the file, at all rows, can read what the first could not."""
        return False

    def trouble(self, partial: Path) -> str | None:
        """Say what is wrong with which row, after DuckDB has failed; or None."""
        for name, (value, kind) in self.casts.items():
            bad = f"FROM (SELECT row_number() OVER () AS row, {value} AS value FROM {self.scan}) "
            bad += f"WHERE value IS NOT NULL AND TRY_CAST(value AS {kind}) IS NULL ORDER BY row LIMIT 1"
            for row, text in self.rows(f"SELECT row, value::VARCHAR {bad}"):
                advice = "; write it as 2026-01-31 10:30:00" if name not in self.source.types else ""
                role = "data.types" if name in self.source.types else "data.time"
                return f", row {row}: {role}: {short(text)} in column {name!r} is no {kind}{advice}"
        return None

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def cells(self) -> list[str]:
        """Spell each column as it shall be written."""
        table = self.connection.sql(f"FROM {self.scan}")
        return [self._cell(*each) for each in zip(self.names, table.columns, map(str, table.types), strict=True)]

    def _cell(self, name: str, held: str, kind: str) -> str:
        value = quoted(held)
        if kind == "JSON":
            value, kind = f"({value} ->> '$')", "VARCHAR"
        if kind == "VARCHAR":
            value = self._without_missing(value)
        wanted = None if isinstance(self, _Csv) else self.source.types.get(name)
        if name == self.source.time and (wanted or kind) == "VARCHAR":
            wanted = "TIMESTAMP"
        if wanted or kind == '"NULL"':
            wanted = wanted or "VARCHAR"
            self.casts[name] = (value, wanted)
            return f"CAST({value} AS {wanted})"
        return value

    def _without_missing(self, value: str) -> str:
        if self.source.missing:
            texts = ", ".join(literal(text) for text in ("", *self.source.missing))
            return f"CASE WHEN trim({value}) IN ({texts}) THEN NULL ELSE {value} END"
        if self.blanks_are_missing:  # the comparison is cheap and spares all other texts the trimming
            return (
                f"CASE WHEN {value} < '!' THEN CASE WHEN trim({value}) = '' THEN NULL ELSE {value} END ELSE {value} END"
            )
        return value

    def _take(self, names: Sequence[str]) -> None:
        self.names = _checked(self.source.name, names)
        require_columns(self.source.roles, self.names, self.source.name)
        _check_types(self.source.types, self.names, self.source.name)


class _Csv(_Table):
    blanks_are_missing = True

    def open(self) -> None:
        first = self._first_row()
        given = list(self.source.columns)
        if given and len(given) != len(first):
            raise InputError(f"data.columns: {len(given)} names for the {len(first)} columns of {self.source.name}")
        self._take(given or first)
        missing = [pad + text for text in self.source.missing for pad in ("", " ")]
        self.options = {
            "compression": self.packing,
            "delim": literal(self.delimiter),
            "quote": literal('"'),  # if not said, a first quote after the sampled rows breaks its row
            "escape": literal('"'),
            "skip": "0",
            "header": "false" if given else "true",
            "nullstr": f"[{', '.join(map(literal, BLANK_CELLS + missing))}]",
        }
        types = {"types": _struct(self.source.types)} if self.source.types else {}
        self.found = types | {"names": f"[{', '.join(map(literal, self.names))}]"}
        self.scan = self._scan(**self.found)

    def trouble(self, partial: Path) -> str | None:
        """Read once more, as text and then as the types found, and let DuckDB keep the first row that it refuses."""
        texts = {"auto_detect": "false", "columns": _struct(dict.fromkeys(self.names, "VARCHAR"))}
        for options in (texts, self.found):
            scan = self._scan(**options, store_rejects="true", rejects_limit="1")
            self.rows(f"COPY (FROM {scan}) TO {literal(partial)} (FORMAT parquet)")
            rejected = self.rows(
                "SELECT line, column_name, error_type, csv_line FROM reject_errors ORDER BY line LIMIT 1"
            )
            if rejected:
                return self._why(*rejected[0])
            self.rows("DROP TABLE reject_errors; DROP TABLE reject_scans")
        return super().trouble(partial)

    def _why(self, line: int, column: str, error: str, text: str) -> str | None:
        if error == "INVALID ENCODING":
            return _not_utf8(self.file)
        if error == "UNQUOTED VALUE":
            return f', line {line}: a quote (") is opened and not closed'
        if error == "LINE SIZE OVER MAXIMUM":
            return f", line {line}: longer than 2 MB; is a line's end missing?"
        cells = next(csv.reader([text], delimiter=self.delimiter), [])
        if error != "CAST":
            return f", line {line}: {len(cells)} cells, but the first line has {len(self.names)}"
        kind = dict(zip(self.names, self.connection.sql(f"FROM {self.scan}").types, strict=True))[column]
        advice = "say another" if column in self.source.types else f"say -S +data.types.{column}=VARCHAR if it is meant"
        value = cells[self.names.index(column)]
        return f", line {line}: {short(value)} in column {column!r} is no {kind}; {advice}, or list it in data.missing"

    def _scan(self, **options: str) -> str:
        return (
            f"read_csv({self.path}, {', '.join(f'{key} = {value}' for key, value in (self.options | options).items())})"
        )

    def _first_row(self) -> list[str]:
        name = self.source.name
        try:
            with _unpacked(self.file, name) as stream, TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
                line = text.readline()
                best = max(DELIMITERS, key=lambda each: len(next(csv.reader([line], delimiter=each), [])))
                self.delimiter = "\t" if self.source.delimiter == r"\t" else self.source.delimiter or best
                first = next(csv.reader(itertools.chain([line], text), delimiter=self.delimiter), [])
        except UnicodeDecodeError as error:
            raise InputError(f"{name}{_not_utf8(self.file)}") from error
        if not line.strip():
            raise InputError(f"{name}: the {'first line' if line else 'file'} is empty")
        if len(first) == 1 and best != self.delimiter and best in line:
            raise InputError(
                f"data.delimiter: {self.delimiter!r} does not part {short(first[0])} in {name}; {best!r} would"
            )
        return first


class _JsonLines(_Table):
    blanks_are_missing = True
    whole = False

    def open(self) -> None:
        sample = -1 if self.whole else 20480
        self.scan = f"read_json({self.path}, records = true, sample_size = {sample}, compression = {self.packing})"
        self._take(self._keys_of_first_line() or self.connection.sql(f"FROM {self.scan}").columns)
        self.names = _checked(self.source.name, self.connection.sql(f"FROM {self.scan}").columns)

    def look_again(self) -> bool:
        """Look at every row for keys and types, which costs several times the reading; a sample mostly does."""
        self.whole = True
        self.open()
        return True

    def cells(self) -> list[str]:
        cells = super().cells()
        table = self.connection.sql(f"FROM {self.scan}")
        for name, kind in zip(table.columns, map(str, table.types), strict=True):
            if kind == "JSON" and name.strip() not in self.source.types:
                self._refuse_a_mixture(name)
        return cells

    def _refuse_a_mixture(self, name: str) -> None:
        kind = f"CASE json_type({quoted(name)}) WHEN 'VARCHAR' THEN 'text' ELSE 'other' END"
        seen = f"SELECT row_number() OVER () AS row, {quoted(name)} AS value, {kind} AS kind FROM {self.scan}"
        first = f"SELECT kind, min(row) AS row, arg_min(value, row)::VARCHAR AS value FROM ({seen}) "
        kinds = self.rows(f"{first} WHERE value IS NOT NULL AND json_type(value) <> 'NULL' GROUP BY kind ORDER BY row")
        if len(kinds) == 2:
            raise InputError(
                f"{self.source.name}, row {kinds[1][1]}: {kinds[1][2][:40]} in column {name!r}, which began with "
                f"{kinds[0][2][:40]}; say -S +data.types.{name}=VARCHAR if it is meant"
            )

    def trouble(self, partial: Path) -> str | None:
        with _unpacked(self.file, self.source.name) as lines:
            for number, line in enumerate(lines, 1):
                try:
                    row = json.loads(line) if line.strip() else {}
                except UnicodeDecodeError:
                    return _not_utf8(self.file)
                except json.JSONDecodeError as error:
                    return f", line {number}: broken JSON: {error.msg} (character {error.colno})"
                if number == 1 and isinstance(row, list):
                    return None if row else ": no rows"  # one array of rows, not lines
                if not isinstance(row, dict):
                    return f', line {number}: {short(row)} is no row; write rows as {{"column": value}}'
        return super().trouble(partial)

    def _keys_of_first_line(self) -> list[str]:
        """Read the keys as they stand, since DuckDB renames the second of two that it takes for one."""
        with _unpacked(self.file, self.source.name) as lines:
            try:
                pairs = json.loads(lines.readline(), object_pairs_hook=list)
            except ValueError:
                return []
        return [pair[0] for pair in pairs if isinstance(pair, tuple)] if isinstance(pairs, list) else []


class _Parquet(_Table):
    def open(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            self._take(pq.read_schema(self.file).names)
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{self.source.name}: not a Parquet file, or cut short; fetch it again") from error
        self.scan = f"read_parquet({self.path})"


class _Arrow(_Table):
    def open(self) -> None:
        import pyarrow as pa
        import pyarrow.dataset as dataset

        try:
            with pa.memory_map(str(self.file)) as stream:
                self._take(pa.ipc.open_file(stream).schema.names)
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{self.source.name}: not an Arrow file (Feather 2), or cut short") from error
        self.connection.register("arrow", dataset.dataset(self.file, format="ipc"))
        self.scan = "arrow"


READERS: dict[str, type[_Table]] = {"csv": _Csv, "jsonl": _JsonLines, "parquet": _Parquet, "arrow": _Arrow}


def _checked(where: str, names: Sequence[str]) -> list[str]:
    """Cut off blanks around the names; refuse an empty name and one that is there twice."""
    seen: dict[str, str] = {}
    for number, name in enumerate((each.strip() for each in names), 1):
        if not name:
            raise InputError(f"{where}: column {number} has no name; give it one (pandas: to_csv(..., index=False))")
        if (other := seen.get(name.lower())) == name:
            raise InputError(f"{where}: two columns are named {name!r}; rename one")
        if other is not None:
            raise InputError(
                f"{where}: columns {other!r} and {name!r} differ only in case, one name in SQL; rename one"
            )
        seen[name.lower()] = name
    return list(seen.values())


def _check_types(types: Mapping[str, str], names: Sequence[str], where: str) -> None:
    import duckdb

    for name, kind in types.items():
        if name not in names:
            raise InputError(f"data.types: no column {name!r} in {where} {did_you_mean(name, names)}")
        try:
            duckdb.sqltype(kind)
        except duckdb.Error as error:
            known = ["VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"]
            raise InputError(
                f"data.types.{name}: no DuckDB type {kind!r} {did_you_mean(kind.upper(), known)}"
            ) from error


def _struct(types: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items()) + "}"


def _is_gzip(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


@contextmanager
def _unpacked(file: Path, name: str) -> Iterator[IO[bytes]]:
    try:
        with gzip.open(file) if _is_gzip(file) else file.open("rb") as stream:
            yield cast(IO[bytes], stream)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{name}: the gzip stream is broken or cut short; fetch it again") from error


def _not_utf8(file: Path) -> str | None:
    """Find the first byte that is not UTF-8."""
    with _unpacked(file, file.name) as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                encoding = "UTF-16" if number == 1 and line[:2] in (b"\xff\xfe", b"\xfe\xff") else "LATIN1"
                place = f"byte {error.start + 1} is 0x{line[error.start]:02x}"
                return f", line {number}: {place}, not UTF-8; convert the file: iconv -f {encoding} -t UTF-8 OLD > NEW"
    return None
