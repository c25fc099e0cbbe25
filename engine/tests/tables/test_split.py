"""Splits: exact shares, nothing lost, and what belongs together stays together."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cairn.errors import InputError
from cairn.tables import split

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rows_of(folder: Path, columns: str, n_rows: int) -> duckdb.DuckDBPyRelation:
    path = folder / "rows.parquet"
    duckdb.connect().execute(f"COPY (SELECT range AS row, {columns} FROM range({n_rows})) TO '{path}'")
    return duckdb.connect().sql(f"SELECT * FROM read_parquet('{path}', file_row_number = true)")


def values(rows: duckdb.DuckDBPyRelation, column: str) -> list:
    return [value for (value,) in rows.select(column).fetchall()]


@st.composite
def shares(draw: st.DrawFn) -> dict[str, float]:
    cuts = sorted(draw(st.lists(st.integers(5, 95), min_size=2, max_size=2, unique=True)))
    return {"train": cuts[0] / 100, "validation": (cuts[1] - cuts[0]) / 100, "test": (100 - cuts[1]) / 100}


@pytest.mark.slow
@few
@given(n_rows=st.integers(30, 500), n_classes=st.integers(2, 5), fractions=shares(), seed=st.integers(0, 9))
def test_every_row_lands_in_one_part_and_each_class_keeps_its_shares(tmp_path, n_rows, n_classes, fractions, seed):
    rows = rows_of(tmp_path, f"range % {n_classes} AS label", n_rows)
    parts = split.stratified(rows, **fractions, target="label", seed=seed)
    assert sorted(row for part in parts.values() for row in values(part, "row")) == list(range(n_rows))
    for label in range(n_classes):
        size = len(range(label, n_rows, n_classes))
        most = 1 if min(fractions.values()) * size >= 1 else 2  # by rounding; a share below a row has one all the same
        for name, part in parts.items():
            assert abs(values(part, "label").count(label) - fractions[name] * size) <= most + 1e-9


@few
@given(
    owners=st.lists(st.integers(0, 40), min_size=60, max_size=200), strategy=st.sampled_from(["stratified", "by_time"])
)
def test_rows_with_the_same_id_never_stand_in_two_parts(tmp_path, owners: Sequence[int], strategy: str):
    listed = "[" + ", ".join(map(str, owners)) + "]"
    rows = rows_of(tmp_path, f"({listed})[range + 1] AS owner, range % 2 AS label, range AS moment", len(owners))
    try:
        parts = getattr(split, strategy)(rows, **SHARES, target="label", id="owner", time="moment")
    except InputError as error:
        assert "no row is left" in str(error)  # too few different owners for three parts
        return
    seen = [set(values(part, "owner")) for part in parts.values()]
    assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])
    assert sum(len(values(part, "row")) for part in parts.values()) == len(owners)


def test_a_group_stands_in_one_part(tmp_path):
    rows = rows_of(tmp_path, "range % 97 AS household", 2000)
    parts = split.by_group(rows, **SHARES, group="household")
    households = [set(values(part, "household")) for part in parts.values()]
    assert set.union(*households) == set(range(97))
    assert sum(map(len, households)) == 97


def test_by_time_trains_on_the_oldest_and_tests_on_the_newest(tmp_path):
    rows = rows_of(tmp_path, "TIMESTAMP '2025-01-01' + INTERVAL ((range * 7919) % 1000) HOUR AS moment", 1000)
    parts = split.by_time(rows, **SHARES, time="moment")
    train, validation, test = (values(part, "moment") for part in parts.values())
    assert (len(train), len(validation), len(test)) == (800, 100, 100)
    assert max(train) < min(validation) <= max(validation) < min(test)


def test_by_time_no_part_knows_the_future_of_another_when_ids_repeat(tmp_path):
    rows = rows_of(tmp_path, "range AS moment, range % 500 AS owner", 1000)
    parts = split.by_time(rows, **SHARES, time="moment", id="owner")
    newest = {name: max(values(part, "moment")) for name, part in parts.items()}
    assert newest["train"] < newest["validation"] < newest["test"]


def test_the_seed_decides_and_the_same_seed_repeats(tmp_path):
    rows = rows_of(tmp_path, "range % 2 AS label", 1000)
    first, again, other = (
        values(split.stratified(rows, **SHARES, target="label", seed=seed)["test"], "row") for seed in (1, 1, 2)
    )
    assert first == again
    assert set(first) != set(other)


def test_an_id_keeps_its_part_when_rows_are_added(tmp_path):
    small = split.stratified(rows_of(tmp_path, "1 AS label", 1000), **SHARES, target=None, id="row", seed=3)
    tested = set(values(small["test"], "row"))
    large = split.stratified(rows_of(tmp_path, "1 AS label", 1100), **SHARES, target=None, id="row", seed=3)
    stayed = tested & set(values(large["test"], "row"))
    assert len(stayed) >= 0.9 * len(tested)


@pytest.mark.parametrize(
    ("strategy", "arguments", "line"),
    [
        ("stratified", {"target": "label", "train": 0.9}, "split: the shares must add up to 1, and 0.9 + 0.1"),
        ("stratified", {"target": "label", "test": 0}, "split.test: 0 is no share; give a number between 0 and 1"),
        ("stratified", {"target": "rare"}, "split: class 'rare' of 'rare' has 2 rows, and every one of 3"),
        ("by_group", {"group": None}, "data.group: name the column to split by"),
        ("by_group", {"group": "label"}, "split: no row is left for"),
        ("by_group", {"group": "label", "id": "pair"}, "data.group: the same 'pair' stands in two groups of 'label'"),
        ("by_time", {"time": "sometimes"}, "data.time: 10 rows have no value in 'sometimes'"),
    ],
)  # fmt: skip
def test_what_cannot_be_split_is_refused_in_one_line(tmp_path, strategy, arguments, line):
    columns = (
        "range % 2 AS label, range // 2 AS pair, if(range < 2, 'rare', 'common') AS rare,"
        " if(range < 10, NULL, range) AS sometimes"
    )
    rows = rows_of(tmp_path, columns, 100)
    with pytest.raises(InputError) as refused:
        getattr(split, strategy)(rows, **{**SHARES, **arguments})
    assert str(refused.value).startswith(line)
    assert "\n" not in str(refused.value)
