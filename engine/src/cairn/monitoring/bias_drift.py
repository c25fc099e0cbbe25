"""Bias drift: whether the model treats groups of people less alike than it did when it was made."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cairn.bias.predictions import (
    Confusion,
    accuracy_difference,
    disparate_impact,
    predicted_proportion_difference,
    recall_difference,
)
from cairn.monitoring.finding import Finding
from cairn.monitoring.multiple_testing import corrected
from cairn.monitoring.sample import Served
from cairn.tables.duck import literal, quoted

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from cairn.rows.signature import Signature

Record = dict[str, Any]
Path = tuple[str, str, str, str]  # column, group, class, measure
MISSING, OTHERS = "(missing)", "(others)"
MOST, PARTS = 10, 4  # groups of a column; into how many numbers of more values are cut
LEAST = 100  # rows of a group, and of those besides it
SAID = {"predicted_proportion_difference": predicted_proportion_difference, "disparate_impact": disparate_impact}
TRUE = {"recall_difference": recall_difference, "accuracy_difference": accuracy_difference}
FAIR = {"disparate_impact": 1.0}


class Sides(NamedTuple):
    """A group, and all other rows of its column."""

    others: Confusion
    group: Confusion


def groups(
    served: Served, content: Mapping[str, Any], *, signature: "Signature", labelled: bool = False
) -> list[Finding]:
    """Compare groups of the sensitive columns in every window, each with all other rows, as cairn.bias does.

    `change` is how much farther a figure is from the fair one than in the baseline and any period of its history; a
    figure on the other side of the fair one counts as a whole.

    Parameters
    ----------
    served : the recorded predictions; with labels, their table `labelled`
    content : the baseline's `expected`
    signature : of the model
    labelled : whether there are labels: then differences of recall and accuracy too
    """
    found: dict[int, list[Finding]] = {each.number: [] for each in served.windows}
    for column, note in content["not_compared"].items():
        for told in found.values():
            told.append(Finding(0, "bias", column, "predicted_proportion_difference", None, note=note))
    for column, known in content["groups"].items():
        of_column = _counted(served, column, known, signature, "recorded")
        of_true = _counted(served, column, known, signature, "labelled") if labelled else {}
        for number, told in found.items():
            if signature.classes is not None:
                told += _of_classes(column, known, of_column.get(number, {}), content, signature, SAID)
                told += _of_classes(column, known, of_true.get(number, {}), content, signature, TRUE)
    return [each._replace(window=number) for number, told in found.items() for each in corrected(told)]


def of_table(
    table: "pd.DataFrame",
    sensitive: Sequence[str],
    actual: NDArray[Any] | None,
    chosen: NDArray[Any],
    about: "Signature",
    known: Mapping[str, Any] | None = None,
) -> Record:
    """Count the rows of every group by what is true and what was said.

    Parameters
    ----------
    table : with the sensitive columns, shape (n_rows, any)
    sensitive : those to count by
    actual : shape (n_rows,), the classes' places; None: unknown, and counted as if they were the first
    chosen : shape (n_rows,), the places of the classes that were said
    about : the model's signature
    known : the groups as the baseline has them; None: they are found here

    Returns
    -------
    dict : column -> `bounds` (of numbers that are cut, else null) and `groups`, name -> counts[true][said]. Empty for a
        regression: it says nothing that is positive
    """
    from cairn.tables.duck import connect

    if about.classes is None:
        return {}
    size, told = len(about.classes), {}
    kinds = {column.name: column.kind for column in about.columns}
    with connect() as connection:
        for column in sensitive:
            frame = table[[column]].assign(actual=0 if actual is None else actual, said=chosen)
            connection.register("rows", frame)
            cut = known[column]["bounds"] if known else _bounds(connection, column, kinds[column])
            names = list(known[column]["groups"]) if known else None
            sql = _name_in_sql(quoted(column), kinds[column], cut)
            counts = connection.execute(f"SELECT {sql}, actual, said, count(*) FROM rows GROUP BY ALL").fetchall()
            told[column] = {"bounds": cut, "groups": _by_name(counts, names, size)}
    return told


def values(counted: Mapping[str, Any], about: "Signature") -> Iterator[tuple[Path, float]]:
    """Give what needs no labels of every group that is large enough: where it stands, and the figure."""
    for column, known in counted.items():
        for group in known["groups"]:
            for place in _places(about):
                sides = _sides(known["groups"], group, place)
                if min(_rows(side) for side in sides) >= LEAST:
                    for measure, function in SAID.items():
                        yield (column, group, str((about.classes or [])[place]), measure), float(function(*sides))


def _of_classes(
    column: str,
    known: Mapping[str, Any],
    counts: Record,
    content: Mapping[str, Any],
    about: "Signature",
    measures: Mapping[str, Any],
) -> list[Finding]:
    """Compare every group of a column, for every class that counts as positive."""
    found = []
    for group in known["groups"]:
        for place in _places(about):
            now, was = (_sides(each, group, place) for each in (counts, known["groups"]))
            rows = min(_rows(side) for side in now)
            if min(rows, *(_rows(side) for side in was)) < LEAST:
                continue
            name = str((about.classes or [])[place])
            subject = f"{column}={group}" + (f", class {name}" if about.task == "multiclass" else "")
            for measure, function in measures.items():
                path = ("groups", column, group, name, measure)
                told = _compared(measure, float(function(*now)), float(function(*was)), now, was, content, path)
                found.append(told._replace(subject=subject, rows=int(rows)))
    return found


def _compared(
    measure: str,
    value: float,
    reference: float,
    now: Sides,
    was: Sides,
    content: Mapping[str, Any],
    path: Sequence[str],
) -> Finding:
    from scipy.stats import norm

    from cairn.monitoring.history import edge

    if not (np.isfinite(value) and np.isfinite(reference)):
        return Finding(0, "bias", "", measure, None, note="one side has no such rows")
    fair = FAIR.get(measure, 0.0)
    if measure == "recall_difference" and min(_hits(measure, side)[1] for side in (*now, *was)) == 0:
        return Finding(0, "bias", "", measure, None, note="one side has no positive row")
    low, high = (edge(content, *path, value=reference, higher=higher) for higher in (False, True))
    beyond = _beyond(value, fair, low, high)
    errors = [_error(measure, sides) for sides in (now, was)]
    both = max(float(np.hypot(errors[0], errors[1])), 1e-12)
    # ratios are compared by their logarithms, in which their error is
    outside = max(low - value, value - high, 0.0)
    if measure == "disparate_impact":
        outside = max(np.log(max(low, 1e-9) / max(value, 1e-9)), np.log(max(value, 1e-9) / max(high, 1e-9)), 0.0)
        ends = (value * np.exp(-1.96 * errors[0]), value * np.exp(1.96 * errors[0]))
    else:
        ends = (value - 1.96 * errors[0], value + 1.96 * errors[0])
    p_value = min(1.0, 2 * float(norm.sf(outside / both)))
    return Finding(0, "bias", "", measure, value, reference, beyond, p_value, float(ends[0]), float(ends[1]))


def _beyond(value: float, fair: float, low: float, high: float) -> float:
    """Say how much farther from fair a figure is than history's range on its side; that range may lack this side."""
    if value >= fair:
        return (value - fair) - max(high - fair, 0.0)
    return (fair - value) - max(fair - low, 0.0)


def _hits(measure: str, rows: Confusion) -> tuple[float, float]:
    """Give the two counts whose ratio the measure compares."""
    if measure == "recall_difference":
        return float(rows.tp), float(rows.labelled(1))  # type: ignore[arg-type]
    if measure == "accuracy_difference":
        return float(np.add(rows.tp, rows.tn)), float(rows.n)
    return float(rows.predicted(1)), float(rows.n)


def _error(measure: str, sides: Sides) -> float:
    """Give the standard error of a difference of two shares, or of the logarithm of their ratio."""
    total = 0.0
    for side in sides:
        hits, rows = _hits(measure, side)
        share = (hits + 0.5) / (rows + 1)
        variance = share * (1 - share) / max(rows, 1)
        total += variance / share**2 if measure == "disparate_impact" else variance
    return float(np.sqrt(total))


def _places(about: "Signature") -> list[int]:
    """Give the classes that count as positive: of two the last, of several each against the rest."""
    size = len(about.classes or [])
    return [1] if size == 2 else list(range(size))


def _sides(counts: Mapping[str, ArrayLike], group: str, place: int) -> Sides:
    tables = {name: np.asarray(each, dtype=np.float64) for name, each in counts.items()}
    here = tables.get(group)
    if here is None:
        here = np.zeros((place + 2, place + 2))
    others = sum((each for name, each in tables.items() if name != group), np.zeros_like(here))
    return Sides(_against_rest(others, place), _against_rest(here, place))


def _against_rest(counts: NDArray[np.float64], place: int) -> Confusion:
    """Join all classes but one: counts[true][said] of shape (n, n) to those of two."""
    tp, row, column = counts[place, place], counts[place].sum(), counts[:, place].sum()
    return Confusion(counts.sum() - row - column + tp, column - tp, row - tp, tp)


def _rows(side: Confusion) -> float:
    return float(side.n)


def _counted(
    served: Served, column: str, known: Mapping[str, Any], about: "Signature", table: str
) -> dict[int, Record]:
    """Count a table's rows by window, group, and what was true and said, in one scan."""
    kind = next(each.kind for each in about.columns if each.name == column)
    name = _name_in_sql(quoted(served.names[column]), kind, known["bounds"])
    cases = " ".join(f"WHEN {_spelt(each)} THEN {place}" for place, each in enumerate(about.classes or []))
    true = "actual" if table == "labelled" else "0"
    rows = served.connection.execute(
        f"SELECT window_number, {name}, {true} AS actual, CASE prediction {cases} END AS said, count(*) "
        f"FROM {table} GROUP BY ALL"
    ).fetchall()
    parts: dict[int, list[tuple[Any, ...]]] = {}
    for number, *record in rows:
        parts.setdefault(number, []).append(tuple(record))
    return {number: _by_name(part, list(known["groups"]), len(about.classes or [])) for number, part in parts.items()}


def _by_name(counts: Sequence[tuple[Any, ...]], names: Sequence[str] | None, size: int) -> dict[str, list[list[int]]]:
    """Lay counts out by group; without names the most frequent are groups, and the rest are one."""
    totals: dict[str, int] = {}
    for name, _, _, rows in counts:
        totals[name] = totals.get(name, 0) + rows
    kept = list(names) if names else sorted(sorted(totals), key=lambda name: -totals[name])[:MOST]
    told = {name: np.zeros((size, size), dtype=np.int64) for name in kept}
    for name, true, said, rows in counts:
        if said is None:
            continue
        where = name if name in told else OTHERS
        told.setdefault(where, np.zeros((size, size), dtype=np.int64))[int(true), int(said)] += rows
    return {name: each.tolist() for name, each in told.items()}


def _bounds(connection: "duckdb.DuckDBPyConnection", column: str, kind: str) -> list[float] | None:
    if kind != "number":
        return None
    cell = f"CAST({quoted(column)} AS DOUBLE)"
    shares = ", ".join(str(part / PARTS) for part in range(1, PARTS))
    found = connection.execute(f"SELECT count(DISTINCT {cell}), quantile_disc({cell}, [{shares}]) FROM rows").fetchone()
    if found is None or found[0] <= MOST:
        return None
    return sorted(set(found[1]))


def _name_in_sql(cell: str, kind: str, bounds: Sequence[float] | None) -> str:
    """Spell the name of a value's group, for the baseline's table and for recorded rows alike."""
    if bounds:
        number, first = f"CAST({cell} AS DOUBLE)", f"{bounds[0]:.6g}"
        cases = f"WHEN {cell} IS NULL OR isnan({number}) THEN {literal(MISSING)} WHEN {number} <= {bounds[0]!r} "
        cases += f"THEN {literal(f'up to {first}')} "
        for low, high in pairwise(bounds):
            cases += f"WHEN {number} <= {high!r} THEN {literal(f'over {low:.6g} up to {high:.6g}')} "
        return f"CASE {cases} ELSE {literal(f'over {bounds[-1]:.6g}')} END"
    if kind == "number":
        cell = f"CAST({cell} AS DOUBLE)"
        cell = f"CASE WHEN NOT isnan({cell}) THEN {cell} END"
    return f"coalesce(CAST({cell} AS VARCHAR), {literal(MISSING)})"


def _spelt(name: Any) -> str:
    """Give a class as SQL spells it."""
    return literal(name) if isinstance(name, str) else str(name).lower() if isinstance(name, bool) else repr(name)
