"""Build the baseline of a model: rows of its features and predictions by bin, and their distances over past periods."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from cairn.models.saved import Model
from cairn.monitoring.distance import js_distance, p_value
from cairn.monitoring.documents import Baseline, BaselineRows, ColumnCounts, PeriodDistances
from cairn.monitoring.histograms import Bins, Numbers, count_by_bin, value_sql
from cairn.rows.signature import Column, Signature, read
from cairn.tables.duck import connect, literal, quoted

__all__ = ["build_baseline"]

FORMAT = 1
MAX_BINS, ROWS_PER_BIN = 32, 20  # of a number with more values than bins; fewer bins where there are few rows
PERIOD_SECONDS = (3_600, 6 * 3_600, 86_400, 7 * 86_400, 28 * 86_400, 91 * 86_400)
MAX_PERIODS = 1_000  # the latest
PERIOD_ROWS = 50  # that a period needs
EDGE_MARGIN = 1e-6  # of the range; the distance of an edge from a value
NO_TIME = -(2**62)  # the time of a row without one
SIGNIFICANCE = 0.01  # of the test that any period of a column differs from the whole
Binned = Sequence[tuple[str, Bins]]


def build_baseline(model: Model, parts: Sequence[Path], test: Path, *, time: str | None) -> Baseline:
    """Count the rows that a model was made from and its predictions; the result contains no row of the data.

    Parameters
    ----------
    model : trained
    parts : Parquet files of all rows with known inputs
    test : one of them, with rows that the model has not seen; the predictions of these are counted
    time : the column with the time of a row; None: there is none, and past periods are not known

    Returns
    -------
    Baseline : without `expected`, see `cairn.monitoring.outcome_baseline`
    """
    with connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        paths = ", ".join(literal(path) for path in parts)
        connection.execute(f"CREATE VIEW rows AS FROM read_parquet([{paths}])")
        features = model.signature.columns
        binned = [(value_sql(column, column.name), _bins(connection, column)) for column in features]
        counts = count_by_bin(connection, "rows", binned, group="0", groups=[0])
        columns = {
            column.name: _column_counts(column.kind, bins, rows[0])
            for column, (_, bins), rows in zip(features, binned, counts, strict=True)
        }
        predicted = {path: _predict(model, path) for path in dict.fromkeys([*parts, test])}
        prediction = _prediction_counts(model.signature, predicted[test])
        by_part = [predicted[path] for path in parts]
        history = None
        if time is not None and _is_time(connection, time):
            history = _past_distances(connection, parts, by_part, columns, prediction, binned, time)
    return Baseline(
        format=FORMAT,
        task=model.signature.task,
        rows=BaselineRows(inputs=int(counts[0].sum()), predictions=len(predicted[test])),
        columns=columns,
        prediction=prediction,
        history=history,
    )


def _bins(connection: duckdb.DuckDBPyConnection, column: Column) -> Bins:
    if column.kind == "category":
        return Bins(levels=column.categories)
    if column.kind == "boolean":
        return Bins(levels=["false", "true"])
    number = value_sql(column, column.name)
    query = f"SELECT count({number}), count(DISTINCT {number}) FROM rows"
    ((rows, distinct),) = connection.execute(query).fetchall()
    if distinct <= MAX_BINS + 1:
        query = f"SELECT DISTINCT {number} AS x FROM rows WHERE x IS NOT NULL ORDER BY x"
        return Bins(edges=_edges([x for (x,) in connection.execute(query).fetchall()]))
    shares = np.linspace(0, 1, _number_of_bins(rows) + 1).tolist()
    ((quantiles,),) = connection.execute(f"SELECT quantile_disc({number}, {shares}) FROM rows").fetchall()
    return Bins(edges=_edges(quantiles))


def _number_of_bins(rows: int) -> int:
    return min(max(rows // ROWS_PER_BIN, 4), MAX_BINS)


def _edges(values: Sequence[float]) -> list[float]:
    """Return edges just above each of some sorted values, and one just below the smallest: the first bin is empty.

    A value of 2/3 that was rounded to 0.6666666667 on its way stays in its bin.
    """
    if not values:
        return [0.0]
    lowest, highest = float(values[0]), float(values[-1])
    margin = EDGE_MARGIN * ((highest - lowest) or abs(highest) or 1.0)
    return [lowest - margin, *(float(value) + margin for value in dict.fromkeys(values))]


def _column_counts(kind: str, bins: Bins, rows: Numbers) -> ColumnCounts:
    edges = None if bins.edges is None else list(bins.edges)
    levels = None if edges is not None else list(bins.levels or [])
    return ColumnCounts(kind=kind, edges=edges, levels=levels, rows=rows[:-1].tolist(), missing=int(rows[-1]))


def _predict(model: Model, part: Path) -> NDArray[Any]:
    """Predict what is compared later, of shape (n_rows,): a probability, the place of a class, or a value."""
    table = read(part, [column.name for column in model.signature.columns])
    if model.signature.classes is None:
        return model.predict(table)
    probability = model.predict_proba(table)
    chosen: NDArray[Any] = probability[:, -1] if model.signature.task == "binary" else model.choose(probability)
    return chosen


def _prediction_counts(signature: Signature, predicted: NDArray[Any]) -> ColumnCounts:
    if signature.task == "multiclass":
        levels = [str(name).lower() if isinstance(name, bool) else str(name) for name in signature.classes or []]
        kind, bins = "class", Bins(levels=levels)
    else:
        shares = np.linspace(0, 1, _number_of_bins(len(predicted)) + 1)
        kind = "value" if signature.classes is None else "probability"
        bins = Bins(edges=_edges(np.quantile(predicted, shares, method="inverted_cdf").tolist()))
    return _column_counts(
        kind, bins, _count_predictions(np.zeros(len(predicted), dtype=np.int64), predicted, bins, 1)[0]
    )


def _past_distances(
    connection: duckdb.DuckDBPyConnection,
    parts: Sequence[Path],
    predicted: Sequence[NDArray[Any]],
    columns: Mapping[str, ColumnCounts],
    prediction: ColumnCounts,
    binned: Binned,
    time: str,
) -> list[PeriodDistances]:
    """Compute the largest distances of past periods of each length for which there are enough rows."""
    seconds = f"epoch_us(TRY_CAST({quoted(time)} AS TIMESTAMPTZ)) // 1000000"
    query = f"SELECT min({seconds}), max({seconds}), count({seconds}) FROM rows"
    ((first, last, rows),) = connection.execute(query).fetchall()
    times = np.concatenate([_times(connection, path, seconds) for path in parts])
    predictions = np.concatenate(predicted)
    lengths = []
    for length in PERIOD_SECONDS:
        number = 0 if first is None else (last - first) // length + 1
        if number < 2 or rows / number < PERIOD_ROWS:
            continue
        periods = range(max(number - MAX_PERIODS, 0), number)
        counts = count_by_bin(connection, "rows", binned, group=f"({seconds} - {first}) // {length}", groups=periods)
        place = (times - first) // length - periods[0]
        by_period = _count_predictions(place, predictions, Bins.of(prediction), len(periods))
        distances = {
            name: _largest_distance(rows_by_period, ordered=column.kind in ("number", "time"))
            for (name, column), rows_by_period in zip(columns.items(), counts, strict=True)
        }
        lengths.append(
            PeriodDistances(
                seconds=length,
                windows=len(periods),
                columns={name: distance for name, distance in distances.items() if distance},
                prediction=_largest_distance(by_period, ordered=prediction.kind != "class"),
            )
        )
    return lengths


def _count_predictions(period: Numbers, predicted: NDArray[Any], bins: Bins, periods: int) -> Numbers:
    """Count predictions by period and bin, as `count_by_bin` does."""
    places = np.searchsorted(bins.edges, predicted, side="left") if bins.edges is not None else predicted
    inside = (period >= 0) & (period < periods)
    width = bins.number + 1
    flat = np.bincount(period[inside] * width + places[inside], minlength=periods * width)
    return flat.reshape(periods, width)


def _is_time(connection: duckdb.DuckDBPyConnection, time: str) -> bool:
    types = {name: str(type_) for name, type_, *_ in connection.execute("DESCRIBE rows").fetchall()}
    return types[time].startswith(("DATE", "TIMESTAMP", "VARCHAR"))


def _times(connection: duckdb.DuckDBPyConnection, part: Path, seconds: str) -> Numbers:
    query = f"SELECT coalesce({seconds}, {NO_TIME}) AS seconds FROM read_parquet({literal(part)})"
    return np.asarray(connection.execute(query).fetchnumpy()["seconds"], dtype=np.int64)


def _largest_distance(counts: Numbers, *, ordered: bool) -> float:
    """Return the largest distance of a period from all of them together that is not chance; 0 where all are."""
    known = counts[:, :-1]
    whole = known.sum(axis=0)
    large = known[known.sum(axis=1) >= PERIOD_ROWS]
    distances = js_distance(large, whole)
    for place in np.argsort(-distances):
        if distances[place] == 0:
            break
        if p_value(large[place], whole, ordered=ordered) * len(large) < SIGNIFICANCE:
            return round(float(distances[place]), 6)
    return 0.0
