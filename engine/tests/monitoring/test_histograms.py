"""Rows by window and bin, against counting by hand and by numpy."""

from datetime import timedelta

import numpy as np
from engine.tests.monitoring.models import baseline
from engine.tests.monitoring.recordings import LATER, NOON, SIGNATURE, row, write

from cairn.monitoring.histograms import Bins, count_by_bin, count_records, prediction_sql, value_sql
from cairn.monitoring.records import open_records
from cairn.rows.signature import Column, Signature

BASELINE = baseline(
    {
        "age": {"kind": "number", "edges": [17.5, 30.0, 90.0]},
        "city": {"kind": "category", "levels": ["Oslo", "Rome"]},
        "smokes": {"kind": "boolean", "levels": ["false", "true"]},
        "joined": {"kind": "time", "edges": [19_000.0, 19_753.0, 20_000.0]},  # 2024-01-31 is day 19,753
    },
    {"kind": "probability", "edges": [0.2, 0.5, 0.8]},
)


def test_every_value_stands_in_its_bin(tmp_path):
    day = timedelta(days=1)
    first = [row(age=age) for age in (17.5, 17.6, 30.0, 30.1, 90.0, 90.1, None, float("nan"))]
    second = [
        row(NOON + 2 * day, city="Oslo", smokes=None, joined=None) | {"probabilities": [0.1, 0.9]},
        row(NOON + 2 * day, city="Bern", smokes=False, joined="2024-02-01T00:00:00+02:00"),
        row(NOON + 2 * day, city=None, joined="soon"),
    ]
    write(tmp_path / "a.parquet", first + second)
    with open_records([str(tmp_path)], signature=SIGNATURE, now=LATER) as found:
        counts = count_records(found, BASELINE)
    # below, (17.5, 30], (30, 90], above, missing
    assert counts.columns["age"].tolist() == [[1, 2, 2, 1, 2], [0, 0, 0, 0, 0], [0, 0, 3, 0, 0]]
    # Oslo, Rome, others, missing
    assert counts.columns["city"].tolist() == [[0, 8, 0, 0], [0, 0, 0, 0], [1, 0, 1, 1]]
    assert counts.columns["smokes"].tolist() == [[0, 8, 0, 0], [0, 0, 0, 0], [1, 1, 0, 1]]
    # 2024-01-31T22:00 in UTC is after the day's midnight
    assert counts.columns["joined"].tolist() == [[0, 8, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 1, 0, 2]]
    assert counts.prediction.tolist() == [[0, 8, 0, 0, 0], [0, 0, 0, 0, 0], [0, 2, 0, 1, 0]]
    assert counts.rows.tolist() == [8, 0, 3]


def test_bins_of_numbers_are_those_of_searchsorted(tmp_path):
    rng = np.random.default_rng(3)
    ages = rng.normal(50, 20, 3_000).round(1)
    edges = np.unique(np.quantile(ages, np.linspace(0.02, 0.98, 25)))
    write(tmp_path / "a.parquet", [row(age=age) for age in ages.tolist()])
    ages_only = baseline({"age": {"kind": "number", "edges": edges.tolist()}}, {"kind": "probability", "edges": [0.5]})
    with open_records([str(tmp_path)], signature=SIGNATURE, now=LATER) as found:
        (counts,) = count_records(found, ages_only).columns["age"].tolist()
    expected = np.bincount(np.searchsorted(edges, ages, side="left"), minlength=len(edges) + 1)
    assert counts == [*expected.tolist(), 0]


def test_a_level_may_be_an_empty_text_or_hold_quotes(tmp_path):
    write(tmp_path / "a.parquet", [row(city=city) for city in ("", "", "l'Oslo", "other", None)])
    cities = baseline({"city": {"kind": "category", "levels": ["", "l'Oslo"]}}, {"kind": "probability", "edges": [0.5]})
    with open_records([str(tmp_path)], signature=SIGNATURE, now=LATER) as found:
        assert count_records(found, cities).columns["city"].tolist() == [[2, 1, 1, 1]]


def test_a_number_that_the_model_holds_in_single_precision_is_counted_as_the_model_sees_it(tmp_path):
    column = Column("age", "number", single=True)
    signature = Signature([column], task="binary", classes=[False, True])
    edge = float(np.float32(0.1))  # a little above 0.1
    write(tmp_path / "a.parquet", [row(age=0.1), row(age=1e300)])
    ages = baseline({"age": {"kind": "number", "edges": [0.1, edge]}}, {"kind": "probability", "edges": [0.5]})
    with open_records([str(tmp_path)], signature=signature, now=LATER) as found:
        assert count_records(found, ages).columns["age"].tolist() == [[0, 1, 0, 1]]


def test_what_is_counted_of_a_prediction_follows_the_task():
    assert prediction_sql(SIGNATURE) == "probabilities[-1]"
    assert prediction_sql(Signature([], task="multiclass", classes=["a", "b", "c"])) == "prediction::VARCHAR"
    assert prediction_sql(Signature([], task="regression")) == "prediction::DOUBLE"


def test_a_group_without_rows_is_counted_as_nothing():
    from cairn.tables.duck import connect

    connection = connect()
    connection.execute("CREATE TABLE rows AS SELECT 1 AS part, 5.0 AS x")
    (counts,) = count_by_bin(
        connection, "rows", [(value_sql(Column("x", "number"), "x"), Bins([0.0, 6.0]))], group="part", groups=[0, 1]
    )
    assert counts.tolist() == [[0, 0, 0, 0], [0, 1, 0, 0]]
