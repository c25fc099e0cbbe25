"""What a model is held against later: counts of its features and predictions by bin, and how history moved them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cairn.models.saved import Model
from cairn.monitoring.distance import js_distance, p_value
from cairn.monitoring.histograms import Bins, Numbers, tally, value
from cairn.rows.signature import Column, Signature, read
from cairn.tables.duck import connect, literal, quoted

if TYPE_CHECKING:
    import duckdb

__all__ = ["baseline"]

FORMAT = 1
BINS, ROWS_A_BIN = 32, 20  # of a number with more values than bins; fewer bins where there are few rows
LENGTHS = (3_600, 6 * 3_600, 86_400, 7 * 86_400, 28 * 86_400, 91 * 86_400)  # of windows of the past, in seconds
PERIODS = 1_000  # of the past that are looked at, the latest
LEAST_ROWS = 50  # of one of them
ROUNDED = 1e-6  # of the range; by so much an edge stands aside of a value
NEVER = -(2**62)  # when a row was that has no time
CHANCE = 0.01  # that any period of a column is taken for odd which is not


def baseline(model: Model, parts: Sequence[Path], test: Path, *, time: str | None) -> dict[str, Any]:
    """Describe what a model was made from and what it says; no row of the data is in it.

    Parameters
    ----------
    model : trained
    parts : Parquet files of all rows whose inputs are known
    test : one of them, whose rows the model has not seen: the predictions are described by these
    time : the column that says when a row was; None: there is none, and history is not known

    Returns
    -------
    dict : `format`; `task`; `rows`: `inputs` and `predictions`; `columns`: by feature `kind`, `edges` or `levels` (see
        `cairn.monitoring.histograms.Bins`), `rows` by bin and `missing`; `prediction`: its kind `probability`,
        `class` or `value`; `history`: for each length of window `seconds`, `windows`, and how far at most those that
        cannot be chance lay from the whole, by `columns` (0 where it is not named) and `prediction`; None without time
    """
    connection = connect()
    connection.execute("SET TimeZone = 'UTC'")
    listed = ", ".join(literal(path) for path in parts)
    connection.execute(f"CREATE VIEW rows AS FROM read_parquet([{listed}])")
    signature = model.signature
    asked = {each.name: (value(each, each.name), _bins(connection, each)) for each in signature.columns}
    counts = tally(connection, "rows", list(asked.values()), group="0", groups=[0])
    columns = {
        column.name: _described(column.kind, asked[column.name][1], rows[0])
        for column, rows in zip(signature.columns, counts, strict=True)
    }
    said = {path: _said(model, path) for path in dict.fromkeys([*parts, test])}
    prediction = _prediction(signature, said[test])
    described = {"columns": columns, "prediction": prediction}
    return {
        "format": FORMAT,
        "task": signature.task,
        "rows": {"inputs": int(counts[0].sum()), "predictions": len(said[test])},
        **described,
        "history": _history(connection, parts, said, described, list(asked.values()), time),
    }


def _bins(connection: "duckdb.DuckDBPyConnection", column: Column) -> Bins:
    if column.kind == "category":
        return Bins(levels=column.categories)
    if column.kind == "boolean":
        return Bins(levels=["false", "true"])
    number = value(column, column.name)
    ((there, distinct),) = connection.execute(f"SELECT count({number}), count(DISTINCT {number}) FROM rows").fetchall()
    if distinct <= BINS + 1:
        found = connection.execute(f"SELECT DISTINCT {number} AS x FROM rows WHERE x IS NOT NULL ORDER BY x").fetchall()
        return Bins(edges=_edges([x for (x,) in found]))
    shares = np.linspace(0, 1, _number_of_bins(there) + 1).tolist()
    ((found,),) = connection.execute(f"SELECT quantile_disc({number}, {shares}) FROM rows").fetchall()
    return Bins(edges=_edges(found))


def _number_of_bins(rows: int) -> int:
    return min(max(rows // ROWS_A_BIN, 4), BINS)


def _edges(values: Sequence[float]) -> list[float]:
    """Give edges just above each of some sorted values, and one just under the smallest: then the first bin is empty.

    A value of 2/3 that was rounded to 0.6666666667 on its way stays in its bin.
    """
    if not values:
        return [0.0]
    least, most = float(values[0]), float(values[-1])
    aside = ROUNDED * ((most - least) or abs(most) or 1.0)
    return [least - aside, *(float(each) + aside for each in dict.fromkeys(values))]


def _described(kind: str, bins: Bins, rows: Numbers) -> dict[str, Any]:
    name, of = ("edges", bins.edges) if bins.edges is not None else ("levels", bins.levels)
    return {"kind": kind, name: of, "rows": rows[:-1].tolist(), "missing": int(rows[-1])}


def _said(model: Model, part: Path) -> NDArray[Any]:
    """Give what is watched of the predictions, of shape (n_rows,): a probability, the place of a class, or a value."""
    table = read(part, [column.name for column in model.signature.columns])
    if model.signature.classes is None:
        return model.predict(table)
    probability = model.predict_proba(table)
    said: NDArray[Any] = probability[:, -1] if model.signature.task == "binary" else model.choose(probability)
    return said


def _prediction(signature: Signature, said: NDArray[Any]) -> dict[str, Any]:
    if signature.task == "multiclass":
        levels = [str(each).lower() if isinstance(each, bool) else str(each) for each in signature.classes or []]
        return _described("class", Bins(levels=levels), _placed(said, Bins(levels=levels)))
    shares = np.linspace(0, 1, _number_of_bins(len(said)) + 1)
    bins = Bins(edges=_edges(np.quantile(said, shares, method="inverted_cdf").tolist()))
    return _described("value" if signature.classes is None else "probability", bins, _placed(said, bins))


def _placed(said: NDArray[Any], bins: Bins) -> Numbers:
    return _by_period(np.zeros(len(said), dtype=np.int64), said, bins, 1)[0]


def _history(
    connection: "duckdb.DuckDBPyConnection",
    parts: Sequence[Path],
    said: Mapping[Path, NDArray[Any]],
    described: Mapping[str, Any],
    asked: Sequence[tuple[str, Bins]],
    time: str | None,
) -> list[dict[str, Any]] | None:
    if time is None or not _is_time(connection, time):
        return None
    moment = f"epoch_us(TRY_CAST({quoted(time)} AS TIMESTAMPTZ)) // 1000000"
    ((first, last, rows),) = connection.execute(
        f"SELECT min({moment}), max({moment}), count({moment}) FROM rows"
    ).fetchall()
    when = np.concatenate([_moments(connection, path, moment) for path in parts])
    watched = np.concatenate([said[path] for path in parts])
    lengths = []
    for seconds in LENGTHS:
        number = 0 if first is None else (last - first) // seconds + 1
        if number < 2 or rows / number < LEAST_ROWS:
            continue
        periods = range(max(number - PERIODS, 0), number)
        group = f"({moment} - {first}) // {seconds}"
        counts = tally(connection, "rows", asked, group=group, groups=periods)
        bins = Bins.of(described["prediction"])
        predicted = _by_period((when - first) // seconds - periods[0], watched, bins, len(periods))
        ordered = [each["kind"] for each in described["columns"].values()]
        found = [_farthest(each, kind in ("number", "time")) for each, kind in zip(counts, ordered, strict=True)]
        lengths.append(
            {
                "seconds": seconds,
                "windows": len(periods),
                "columns": {name: far for name, far in zip(described["columns"], found, strict=True) if far},
                "prediction": _farthest(predicted, described["prediction"]["kind"] != "class"),
            }
        )
    return lengths


def _by_period(period: Numbers, said: NDArray[Any], bins: Bins, periods: int) -> Numbers:
    """Count predictions as `tally` does."""
    places = np.searchsorted(bins.edges, said, side="left") if bins.edges is not None else said
    inside = (period >= 0) & (period < periods)
    width = bins.number + 1
    flat = np.bincount(period[inside] * width + places[inside], minlength=periods * width)
    return flat.reshape(periods, width)


def _is_time(connection: "duckdb.DuckDBPyConnection", time: str) -> bool:
    kinds = {name: str(type_) for name, type_, *_ in connection.execute("DESCRIBE rows").fetchall()}
    return kinds[time].startswith(("DATE", "TIMESTAMP", "VARCHAR"))


def _moments(connection: "duckdb.DuckDBPyConnection", part: Path, moment: str) -> Numbers:
    source = f"read_parquet({literal(part)})"
    found = connection.execute(f"SELECT coalesce({moment}, {NEVER}) AS moment FROM {source}").fetchnumpy()
    return np.asarray(found["moment"], dtype=np.int64)


def _farthest(counts: Numbers, ordered: bool) -> float:
    """Give the largest distance of a period from all of them together, of those that cannot be chance."""
    there = counts[:, :-1]
    whole = there.sum(axis=0)
    enough = there[there.sum(axis=1) >= LEAST_ROWS]
    distances = js_distance(enough, whole)
    for place in np.argsort(-distances):
        if distances[place] == 0:
            break
        if p_value(enough[place], whole, ordered=ordered) * len(enough) < CHANCE:
            return round(float(distances[place]), 6)
    return 0.0
