"""Ask the project's tables by SQL, as they are or as a commit has them: `cairn sql`."""

import argparse
import sys
from collections.abc import Iterable
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import fill

from cairn import layout
from cairn.errors import InputError
from cairn.tables import query
from cairn.tables import text as printed
from cairn.tables.duck import literal, quoted
from cairn.tables.names import named

MADE = {
    "features": layout.FEATURES,
    "train": layout.TRAIN,
    "validation": layout.VALID,
    "test": layout.TEST,
    "held_out": layout.HELD_OUT,
    "truth": layout.TRUTH / "truth.parquet",
}


def sql(asked: str | None, *, rev: str | None = None, form: printed.Format = "table") -> None:
    """Print what a query selects of the tables, or the tables themselves.

    Parameters
    ----------
    asked : a query; None lists the tables with their rows and columns
    rev : a stage, a version, an experiment or a revision of git, whose tables they are; None: those that are here
    form : as `printed.write` takes it

    Raises
    ------
    InputError : no such revision, no such table, or a query that does not run
    """
    with TemporaryDirectory(prefix="cairn-sql-") as aside:
        tables = here() if rev is None else _of(rev, asked, Path(aside))
        if not tables:
            raise InputError(f"no table {'here' if rev is None else f'in {rev}'} yet; `dvc repro` makes them")
        connection = query.connect(tables)
        text = form != "json"
        answer = query.ask(connection, _columns(tables) if asked is None else asked, as_text=text)
        if asked is None and form == "table":
            print(_listing(answer), flush=True)
        else:
            printed.write(answer, form, sys.stdout)


def here() -> dict[str, Path]:
    """Give the tables of the working tree, by name."""
    return named(layout.RAW.glob("*.parquet"), {name: path for name, path in MADE.items() if path.exists()})


def main(options: argparse.Namespace) -> None:
    """Run `cairn sql`."""
    sql(options.query, rev=options.rev, form=options.format)


def _of(rev: str, asked: str | None, aside: Path) -> dict[str, Path]:
    """Find the tables of a commit; what only the remote has is fetched where the query has its name in it."""
    from cairn.registry import revisions
    from cairn.registry.commit_files import Stored

    stored = Stored(revisions.find(rev))
    raw = [path for path in stored.below(layout.RAW) if path.suffix == ".parquet"]
    found = {}
    for name, path in named(raw, {name: path for name, path in MADE.items() if stored.has(path)}).items():
        file = stored.cached(path)
        if file is None and (asked is None or name.lower() in asked.lower()):
            try:
                file = stored.fetch(path, aside / f"{name}.parquet")
            except InputError as error:
                if asked is not None:
                    raise
                print(f"left out: {error}", file=sys.stderr)
        if file is not None:
            found[name] = file
    return found


def _columns(tables: Iterable[str]) -> str:
    """Give the query that lists tables, rows, columns and their types."""
    counts = " UNION ALL ".join(
        f'SELECT {place} AS place, {literal(name)} AS "table", count(*) AS rows FROM {quoted(name)}'
        for place, name in enumerate(tables)
    )
    listed = 'SELECT "table", rows, column_name AS "column", data_type AS type'
    return f'{listed} FROM ({counts}) JOIN duckdb_columns() ON table_name = "table" ORDER BY place, column_index'


def _listing(answer: query.Answer) -> str:
    lines: list[str] = []
    seen: dict[str, str] = {}
    for (name, rows), columns in groupby(chain.from_iterable(answer.batches), key=itemgetter(0, 1)):
        told = ", ".join(f"{column} {kind}" for _, _, column, kind in columns)
        same = seen.setdefault(told, name)
        lines.append(f"{name}, {int(rows):,} rows")
        told = told if same == name else f"the columns of {same}"
        lines.append(fill(told, 100, initial_indent="    ", subsequent_indent="    ", break_long_words=False))
    return "\n".join(lines)
