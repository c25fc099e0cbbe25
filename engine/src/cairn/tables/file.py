"""Read the user's own table: CSV, JSON lines, Parquet or Arrow, from this disk, a web server or S3."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

from cairn.errors import InputError, did_you_mean
from cairn.files import written
from cairn.tables.download import at_hand
from cairn.tables.duck import connect
from cairn.tables.formats import TableSpec, write
from cairn.tables.source import Source

ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}


@dataclass(frozen=True, kw_only=True)
class File(Source):
    """One table in one file; its rows keep their order, and the same file gives the same bytes.

    In text formats an empty cell and a text of blanks alone are missing, and columns get the types that DuckDB finds
    in the first 20,480 rows: numbers, booleans (also yes and no), ISO dates and timestamps, else text. Parquet and
    Arrow bring their types, and their texts are kept as they are. A `time` column of text becomes a timestamp. Blanks
    around column names are cut off.

    Parameters
    ----------
    target : the column to predict
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
        if not self.name:
            raise InputError(f"data.path: {self.path} is a folder; name one file in it")
        if not self.target:
            raise InputError("data.target: say which column to predict, e.g. -S data.target=income")
        if self.delimiter not in (None, r"\t") and len(str(self.delimiter)) != 1:
            raise InputError(f"data.delimiter: {self.delimiter!r} is not one character")
        if self.format not in ("auto", *ENDINGS.values()):
            raise InputError(f"data.format: no format {self.format!r} {did_you_mean(self.format, ENDINGS.values())}")
        if self.kind is None:
            known = ", ".join(dict.fromkeys(ENDINGS.values()))
            raise InputError(f"data.format: the name {self.name!r} does not tell the format; say which: {known}")

    def ingest(self, raw: Path, truth: Path) -> None:
        """Write `raw/table.parquet`: one pass that reads and writes, or a copy where a Parquet file needs no change.

        Raises
        ------
        InputError : the file is not there, is not what its format says, or a role names no column of it
        """
        address = cast(str, self.path)
        spec = TableSpec(
            name=self.name,
            kind=cast(str, self.kind),
            delimiter=self.delimiter,
            columns=self.columns,
            missing=self.missing,
            types=self.types,
            time=self.time,
            roles=self.roles,
        )
        download = at_hand(address, raw, endpoint=self.endpoint, sha256=self.sha256)
        with download as file, written(raw / "table.parquet") as partial:
            if file.stat().st_size == 0:
                raise InputError(f"{self.name}: the file is empty")
            with connect() as connection:
                rows = write(spec, file, connection, partial)
            if rows == 0:
                raise InputError(f"{self.name}: no rows, only the names of columns")

    @property
    def watched(self) -> Path | None:
        """The file itself, if it lies on this disk."""
        path = cast(str, self.path)
        return None if "://" in path else Path(path).expanduser()

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        path = cast(str, self.path)
        return Path(urlsplit(path).path if "://" in path else path).name

    @property
    def kind(self) -> str | None:
        """The format, said or told by the name's ending; None where neither tells."""
        if self.format != "auto":
            return self.format
        return ENDINGS.get(Path(self.name.lower().removesuffix(".gz")).suffix)
