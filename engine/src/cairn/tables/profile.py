"""Look at the tables: counts of all rows by DuckDB, and a page a table for a person to sort and click."""

from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from cairn.tables.duck import connect, literal, quoted

__all__ = ["profile"]

FENCE = 1.5  # Tukey, Exploratory Data Analysis (1977), p. 44: the inner fences
RULE = "beyond the quartiles by more than 1.5 times their distance; not asked where the quartiles are equal"
BINS = 20
STRONGEST = 10
LONGEST = 60  # characters of a text that are shown
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")

Ask = Callable[..., list[tuple[Any, ...]]]  # what is selected of the table, and which rows -> the answer


def profile(
    tables: Mapping[str, Path],
    folder: Path,
    *,
    schema: Mapping[str, Any],
    seed: int,
    sample: int = 50_000,
    pictures: int = 100,
    levels: int = 10,
    least_rows: int = 5,
) -> dict[str, Any]:
    """Write a page for each table, and give in short what they hold.

    Parameters
    ----------
    tables : name -> Parquet file; the one named `features` has the target
    folder : an existing, empty folder for the pages, `<name>.html`
    schema : of the features table; names the target and its classes
    seed : of the sample
    sample : rows behind a page, drawn at random from a larger table
    pictures : a table with more columns has no pictures and no associations
    levels : values of a column that are listed, the most frequent first
    least_rows : a value that fewer rows have is not listed: it may be a name, or an address

    Returns
    -------
    dict : `target`, what `balance` gives and the columns most associated with it; `outlier_rule`; and `tables`, by name
        what `measure` gives, with the `page`, the rows that it stands for (`sampled`, None for all) and the pairs of
        columns that are most `associated`
    """
    from cairn.tables.profile_page import write_page

    described: dict[str, Any] = {}
    target = balance(tables["features"], schema)
    for name, path in tables.items():
        measured = measure(path, levels=levels, least_rows=least_rows)
        sampled = sample if measured["rows"] > sample else None
        title = name if sampled is None else f"{name}: {sampled:,} of {measured['rows']:,} rows, drawn by seed {seed}"
        page = folder / f"{name}.html"
        draw = len(measured["columns"]) <= pictures
        pairs = write_page(drawn(path, sampled, seed=seed), page, title=title, pictures=draw)
        described[name] = {"page": page.name, "sampled": sampled, **measured, "associated": pairs[:STRONGEST]}
        if name == "features":
            target["associated"] = [each for each in pairs if target["name"] in each["columns"]][:STRONGEST]
    return {"target": target, "outlier_rule": RULE, "tables": described}


def measure(path: Path, *, levels: int, least_rows: int) -> dict[str, Any]:
    """Count what the columns of a table hold: all rows, exactly, with one column in memory at a time.

    Parameters
    ----------
    path : the Parquet file
    levels, least_rows : as in `profile`

    Returns
    -------
    dict : `rows`, and `columns`: a list with `name`, `type`, `kind` (number, boolean, text, time or other), `missing`
        (not-a-number is), `missing_share` (None of an empty table) and `distinct`; of numbers and times `min` and
        `max`; of numbers also `q1`, `median`, `q3`, `infinite`, `outliers` and `histogram`; of texts and booleans `top`
    """
    connection = connect()
    source = f"FROM read_parquet({literal(path)})"

    def ask(what: str, rest: str = "") -> list[tuple[Any, ...]]:
        return connection.execute(f"SELECT {what} {source} {rest}").fetchall()

    table = connection.sql(source)
    ((count,),) = ask("count(*)")
    columns = []
    for name, type_ in zip(table.columns, map(str, table.types), strict=True):
        value = quoted(name)
        known = f"CASE WHEN NOT isnan({value}) THEN {value} END" if type_ in {"FLOAT", "DOUBLE"} else value
        ((there, distinct),) = ask(f"count({known}), count(DISTINCT {known})")
        column = {"name": name, "type": type_, "kind": kind_of(type_), "missing": count - there}
        column |= {"missing_share": _share(count - there, count), "distinct": distinct}
        if column["kind"] == "number":
            column |= _number(ask, value, type_)
        elif column["kind"] == "time":
            column |= dict(zip(("min", "max"), *ask(f"min({value})::VARCHAR, max({value})::VARCHAR"), strict=True))
        elif column["kind"] in {"text", "boolean"}:
            shown = value if column["kind"] == "boolean" else f"{value}::VARCHAR"
            column["top"] = _top(ask, value, shown, there, levels=levels, least_rows=least_rows)
        columns.append(column)
    return {"rows": count, "columns": columns}


def kind_of(type_: str) -> str:
    """Say what a DuckDB type is to a person: number, boolean, text, time or other (nested values, bytes, nothing)."""
    if type_.endswith("]") or type_.startswith(("STRUCT", "MAP", "UNION")):
        return "other"
    if type_.removeprefix("U").startswith(NUMBERS):
        return "number"
    if type_.startswith(("DATE", "TIMESTAMP")):
        return "time"
    return {"BOOLEAN": "boolean", "BLOB": "other", '"NULL"': "other"}.get(type_, "text")


def balance(features: Path, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Count the rows of each class of the target.

    Returns
    -------
    dict : `name`, `task`, and `classes`, a list of `value`, `rows`, `share` (None for a regression)
    """
    name, classes = schema["target"], schema["classes"]
    if classes is None:
        return {"name": name, "task": schema["task"], "classes": None}
    query = f"SELECT {quoted(name)}, count(*) FROM read_parquet({literal(features)}) GROUP BY ALL"
    counts = {str(value): rows for value, rows in connect().execute(query).fetchall()}
    rows = {each: counts.get(str(each), 0) for each in classes}
    told = [{"value": each, "rows": n, "share": _share(n, sum(rows.values()))} for each, n in rows.items()]
    return {"name": name, "task": schema["task"], "classes": told}


def drawn(path: Path, rows: int | None, *, seed: int) -> Any:
    """Read a table, or rows drawn from it, in their order; what pandas has no type for comes as text.

    Parameters
    ----------
    path : the Parquet file
    rows : how many; None: all
    seed : makes the draw repeatable

    Returns
    -------
    DataFrame of shape (rows, n_columns)
    """
    connection = connect(1)  # with more threads another sample is drawn each time
    source = f"read_parquet({literal(path)})"
    table = connection.sql(f"FROM {source}")
    shown = [_for_pandas(name, str(kind)) for name, kind in zip(table.columns, table.types, strict=True)]
    chosen = f"{source} TABLESAMPLE reservoir({rows} ROWS) REPEATABLE ({seed})" if rows else source
    return connection.sql(f"SELECT {', '.join(shown)} FROM {chosen} ORDER BY file_row_number").df()


def _for_pandas(name: str, type_: str) -> str:
    value = quoted(name)
    if type_ == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('UTC', {value}) AS {value}"
    if kind_of(type_) == "other" or (kind_of(type_) == "text" and type_ != "VARCHAR"):
        return f"{value}::VARCHAR AS {value}"
    return value


def _number(ask: Ask, value: str, type_: str) -> dict[str, Any]:
    finite = f"isfinite({value})" if type_ in {"FLOAT", "DOUBLE"} else f"{value} IS NOT NULL"
    shown = f"{value}::DOUBLE" if type_.startswith("DECIMAL") else value
    ((infinite,),) = ask("count(*)", f"WHERE isinf({value}::DOUBLE)")
    quartiles = f"quantile_cont({value}::DOUBLE, [0.25, 0.5, 0.75])"
    ((low, high, found),) = ask(f"min({shown}), max({shown}), {quartiles}", f"WHERE {finite}")
    told = {"min": low, **dict.fromkeys(("q1", "median", "q3")), "max": high, "infinite": infinite}
    if low is None:
        return told | {"outliers": None, "histogram": None}
    q1, median, q3 = found
    told |= {"q1": q1, "median": median, "q3": q3}
    if not isfinite(4.0 * high - 4.0 * low):  # so far apart that a fence would be infinite
        return told | {"outliers": None, "histogram": None}
    reach = FENCE * (q3 - q1)
    below, above = (q1 - reach, q3 + reach) if reach else (float(low), float(high))
    inside = f"{finite} AND {value}::DOUBLE BETWEEN {below!r} AND {above!r}"
    outliers = None
    if reach:
        ((rows,),) = ask("count(*)", f"WHERE {finite} AND NOT ({inside})")
        outliers = {"rows": rows, "below": below, "above": above}
    start, end = max(float(low), below), min(float(high), above)
    return told | {"outliers": outliers, "histogram": _histogram(ask, value, inside, start, end)}


def _histogram(ask: Ask, value: str, inside: str, start: float, end: float) -> dict[str, Any]:
    """Count the rows of bins of equal width; what is beyond the fences stands in none."""
    width = (end - start) / BINS or 1.0
    place = f"least(floor(({value}::DOUBLE - {start!r}) / {width!r}), {BINS - 1})::INTEGER"
    counts: dict[int, int] = dict(ask(f"{place}, count(*)", f"WHERE {inside} GROUP BY ALL"))
    return {"from": start, "to": end, "rows": [counts.get(each, 0) for each in range(BINS)]}


def _top(ask: Ask, value: str, shown: str, there: int, *, levels: int, least_rows: int) -> list[dict[str, Any]]:
    enough = f"WHERE {value} IS NOT NULL GROUP BY ALL HAVING count(*) >= {int(least_rows)}"
    found = ask(f"{shown}, count(*)", f"{enough} ORDER BY 2 DESC, 1 LIMIT {int(levels)}")
    return [{"value": _short(each), "rows": rows, "share": _share(rows, there)} for each, rows in found]


def _short(value: Any) -> Any:
    return f"{value[: LONGEST - 1]}…" if isinstance(value, str) and len(value) > LONGEST else value


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
