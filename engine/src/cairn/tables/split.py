"""Split rows into train, validation and test parts: a key for each row, and thresholds on that key.

A part is the rows whose key lies between two thresholds, and the thresholds are exact quantiles of the key: of a hash
for a random split, of the time for a split by time. Nothing is sorted and nothing is joined, so the split streams.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cairn.errors import InputError
from cairn.tables.duck import literal, quoted

if TYPE_CHECKING:
    import duckdb

    Rows = duckdb.DuckDBPyRelation

__all__ = ["by_group", "by_time", "stratified"]

ROW_NUMBER = "file_row_number"  # the column in which DuckDB's Parquet reader counts rows
PARTS = ("train", "validation", "test")
MANY = 1_000_000  # beyond so many rows chance keeps a class's share to a thousandth; to look for repeated ids is slow


def stratified(
    rows: "Rows",
    *,
    train: float,
    validation: float,
    test: float,
    target: str | None,
    id: str | None = None,
    group: str | None = None,
    time: str | None = None,
    seed: int = 0,
) -> dict[str, "Rows"]:
    """Split at random, keeping the share of each class equal in every part.

    Parameters
    ----------
    rows : a table with the column `file_row_number`
    train, validation, test : the share of the rows for each part; they add up to 1
    target : the label's column; None for a regression, whose rows are split without regard to the target
    id : rows with the same id stay together; where ids repeat, or rows are very many, shares are kept overall, and
        for each class only as far as chance keeps them
    group, time : not looked at here
    seed : makes the split repeatable

    Returns
    -------
    dict : part -> its rows, lazy, without `file_row_number`

    Raises
    ------
    InputError : shares that do not add up, or a class with fewer rows than there are parts
    """
    shares = _shares(train, validation, test)
    key = f"hash({quoted(id or ROW_NUMBER)}, {int(seed)})"
    by_chance = id and (_count(rows) > MANY or _repeats(rows, id))
    stratum = None if by_chance else target
    return _parts(rows, key=key, stratum=stratum, shares=shares)


def by_group(
    rows: "Rows",
    *,
    train: float,
    validation: float,
    test: float,
    target: str | None = None,
    id: str | None = None,
    group: str | None,
    time: str | None = None,
    seed: int = 0,
) -> dict[str, "Rows"]:
    """Split at random so that all rows of a group stand in one part.

    Parameters
    ----------
    rows, train, validation, test, id, seed : as in `stratified`
    group : the column that names the group
    target, time : not looked at here

    Raises
    ------
    InputError : no group named, rows without one, an id in two groups, or too few groups
    """
    shares = _shares(train, validation, test)
    _require(rows, "group", group)
    if id and _repeats(rows.select(f"{quoted(id)}, {quoted(str(group))}").distinct(), id):
        raise InputError(f"data.group: the same {id!r} stands in two groups of {group!r}; name only one of the two")
    return _parts(rows, key=f"hash({quoted(str(group))}, {int(seed)})", stratum=None, shares=shares)


def by_time(
    rows: "Rows",
    *,
    train: float,
    validation: float,
    test: float,
    target: str | None = None,
    id: str | None = None,
    group: str | None = None,
    time: str | None,
    seed: int = 0,
) -> dict[str, "Rows"]:
    """Split so that every row of a part is older than every row of the next.

    Parameters
    ----------
    rows, train, validation, test : as in `stratified`; rows of the same time stay together
    time : the column that orders the rows
    id : an id's rows all go where its newest row goes, so that no part knows the future of another
    target, group, seed : not looked at here

    Raises
    ------
    InputError : no time named, rows without one, or too few different times
    """
    shares = _shares(train, validation, test)
    _require(rows, "time", time)
    key = quoted(str(time))
    if id and _repeats(rows, id):
        newest = f"*, max({key}) OVER (PARTITION BY {quoted(id)}) AS newest_of_id"
        parts = _parts(rows.select(newest), key="newest_of_id", stratum=None, shares=shares)
        return {name: part.select("* EXCLUDE (newest_of_id)") for name, part in parts.items()}
    return _parts(rows, key=key, stratum=None, shares=shares)


def _shares(train: float, validation: float, test: float) -> list[float]:
    shares = dict(zip(PARTS, (train, validation, test), strict=True))
    for name, share in shares.items():
        if not 0 < share < 1:
            raise InputError(f"split.{name}: {share} is no share; give a number between 0 and 1")
    if abs(sum(shares.values()) - 1) > 1e-9:
        total = " + ".join(f"{each:g}" for each in shares.values())
        raise InputError(f"split: the shares must add up to 1, and {total} = {sum(shares.values()):g}")
    return [train, validation, test]


def _parts(rows: "Rows", *, key: str, stratum: str | None, shares: Sequence[float]) -> dict[str, "Rows"]:
    """Cut each stratum (or the whole table) at the exact quantiles of the key."""
    cuts = _cuts(rows, key, stratum, shares)
    low, high = (_case(stratum, {label: pair[i] for label, pair in cuts.items()}) for i in (0, 1))
    bounds = (f"{key} <= {low}", f"{key} > {low} AND {key} <= {high}", f"{key} > {high}")
    parts = {name: rows.filter(bound) for name, bound in zip(PARTS, bounds, strict=True)}
    for name, part in parts.items():
        if not part.limit(1).fetchall():
            raise InputError(f"split: no row is left for {name}; too few different values to split by")
    return {name: part.select(f"* EXCLUDE ({ROW_NUMBER})") for name, part in parts.items()}


def _cuts(rows: "Rows", key: str, stratum: str | None, shares: Sequence[float]) -> dict[Any, tuple[str, str]]:
    """Find, for each stratum, the keys of the last row of train and of validation, spelled as SQL."""
    label = quoted(stratum) if stratum else "NULL"
    counts = dict(rows.aggregate(f"{label}, count(*)", label if stratum else "").fetchall())
    kind = rows.select(key).types[0]
    quantiles = []
    for each, n_rows in counts.items():
        if n_rows < len(PARTS):
            where = f"class {each!r} of {stratum!r}" if stratum else "the table"
            raise InputError(f"split: {where} has {n_rows} rows, and every one of {len(PARTS)} parts needs one")
        fractions = [(rank - 0.5) / n_rows for rank in _ranks(n_rows, shares)]
        own = f"FILTER (WHERE {label} = {_spelled(each)})" if stratum else ""
        quantiles.append(f"(quantile_disc({key}, {fractions}) {own})::VARCHAR[]")
    found = rows.aggregate(", ".join(quantiles)).fetchall()[0]
    return {
        each: (f"{literal(last_train)}::{kind}", f"{literal(last_validation)}::{kind}")
        for each, (last_train, last_validation) in zip(counts, found, strict=True)
    }


def _ranks(n_rows: int, shares: Sequence[float]) -> tuple[int, int]:
    """Count the rows up to the end of train and of validation, leaving at least one row for each part."""
    first = min(max(round(n_rows * shares[0]), 1), n_rows - 2)
    second = min(max(round(n_rows * (shares[0] + shares[1])), first + 1), n_rows - 1)
    return first, second


def _case(stratum: str | None, by_label: Mapping[Any, str]) -> str:
    if stratum is None:
        return by_label[None]
    whens = " ".join(f"WHEN {_spelled(label)} THEN {cut}" for label, cut in by_label.items())
    return f"CASE {quoted(stratum)} {whens} END"


def _spelled(label: Any) -> str:
    return str(label) if isinstance(label, int | float) else literal(str(label))


def _repeats(rows: "Rows", column: str) -> bool:
    n_rows, n_values = rows.aggregate(f"count(*), count(DISTINCT {quoted(column)})").fetchall()[0]
    return n_values < n_rows


def _count(rows: "Rows") -> int:
    return int(rows.count("*").fetchall()[0][0])


def _require(rows: "Rows", role: str, column: str | None) -> None:
    if column is None:
        raise InputError(f"data.{role}: name the column to split by, or choose another split, such as split=stratified")
    if missing := rows.filter(f"{quoted(column)} IS NULL").count("*").fetchall()[0][0]:
        raise InputError(f"data.{role}: {missing:,} rows have no value in {column!r}, and the split goes by it")
