"""Recorded predictions by windows, and what is odd about them."""

from datetime import datetime, timedelta

import pyarrow as pa
import pytest
from engine.tests.monitoring.recordings import COLUMNS, LATER, NOON, ROW, SIGNATURE, row, write

from cairn.errors import InputError
from cairn.monitoring.records import open_records
from cairn.rows.signature import Column, Signature
from cairn.serving.capture import schema

HOUR = timedelta(hours=1)


def opened(folder, **options):
    return open_records([str(folder)], signature=SIGNATURE, **{"now": LATER, **options})


def ask(recorded, sql):
    return recorded.connection.execute(sql).fetchall()


def test_every_feature_is_a_column_of_its_own(tmp_path):
    write(tmp_path / "date=2026-03-01" / "a.parquet", [row(age=None)])
    with opened(tmp_path) as found:
        assert ask(
            found, "SELECT request_id, time, version, row, prediction, probabilities, seconds FROM recorded"
        ) == [("one", datetime(2026, 3, 1, 12), "v0.0.1", 0, False, [0.75, 0.25], None)]
        assert ask(found, "SELECT age, city, smokes, joined FROM recorded") == [(None, "Rome", True, "2024-01-31")]
        assert (found.troubles, found.changed) == ([], {})


def test_windows_of_time_begin_at_midnight_and_hold_gaps(tmp_path):
    times = [NOON, NOON + 11 * HOUR, NOON + 59 * HOUR]
    write(tmp_path / "a.parquet", [row(time) for time in times])
    with opened(tmp_path, window=timedelta(days=1)) as found:
        assert [(each.start.day, each.end.day, each.rows) for each in found.windows] == [
            (1, 2, 2),
            (2, 3, 0),
            (3, 4, 1),
        ]
        assert ask(found, "SELECT window_number FROM recorded ORDER BY time") == [(0,), (0,), (2,)]
    with opened(tmp_path, window=6 * HOUR, until=NOON + 12 * HOUR) as found:
        assert [(each.start.hour, each.rows) for each in found.windows] == [(12, 1), (18, 1)]


def test_windows_of_time_begin_where_they_are_asked_to(tmp_path):
    write(tmp_path / "a.parquet", [row(NOON + number * HOUR) for number in range(4)])
    with opened(tmp_path, window=2 * HOUR, since=NOON + HOUR, until=NOON + 5 * HOUR) as found:
        assert [(each.start - NOON, each.rows) for each in found.windows] == [(HOUR, 2), (3 * HOUR, 1)]


def test_windows_of_rows_keep_a_request_together_and_the_last_may_be_short(tmp_path):
    minutes = [0, 1, 1, 1, 2, 3, 4]
    write(tmp_path / "a.parquet", [row(NOON + timedelta(minutes=each)) for each in reversed(minutes)])
    with opened(tmp_path, window=2) as found:
        assert [each.rows for each in found.windows] == [1, 3, 2, 1]
        assert [(each.start - NOON).seconds // 60 for each in found.windows] == [0, 1, 2, 4]
        counted = ask(found, "SELECT window_number, count(*) FROM recorded GROUP BY ALL ORDER BY ALL")
        assert counted == [(0, 1), (1, 3), (2, 2), (3, 1)]


def test_a_damaged_file_is_named_and_the_rest_is_used(tmp_path):
    write(tmp_path / "date=2026-03-01" / "sound.parquet", [row()])
    (tmp_path / "date=2026-03-01" / "cut.parquet").write_bytes(b"PAR1 and no foot")
    behind = write(tmp_path / "date=2026-03-01" / "spoilt.parquet", [row(request=str(n)) for n in range(2_000)])
    content = bytearray(behind.read_bytes())
    content[200:6_000] = bytes(5_800)  # the pages; the foot is sound
    behind.write_bytes(content)
    with opened(tmp_path) as found:
        assert [each.rows for each in found.windows] == [1]
        assert found.troubles == [
            "date=2026-03-01/cut.parquet: damaged, and left out",
            "date=2026-03-01/spoilt.parquet: damaged, and left out",
        ]


def test_no_sound_file_is_one_clear_error(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"")
    with pytest.raises(InputError, match=r"none of the 1 files can be read: .*a\.parquet: damaged"), opened(tmp_path):
        pass


def test_no_files_at_all_is_one_clear_error(tmp_path):
    with pytest.raises(InputError, match=r"no recorded predictions; serve with -S capture=all"), opened(tmp_path):
        pass
    with pytest.raises(InputError, match="no such folder"), opened(tmp_path / "none"):
        pass


def test_an_empty_window_has_no_rows(tmp_path):
    write(tmp_path / "a.parquet", [row()])
    with opened(tmp_path, since=NOON + HOUR, until=NOON + 3 * HOUR, window=HOUR) as found:
        assert [each.rows for each in found.windows] == [0, 0]
    with opened(tmp_path, version="v9.9.9") as found:
        assert found.windows == []


def test_columns_that_changed_since_training_are_told(tmp_path):
    now = Signature(
        [Column("age", "category"), Column("city", "category"), Column("new one", "number")], classes=[True]
    )
    write(tmp_path / "a.parquet", [row(NOON - HOUR)])
    changed = {"inputs": {"age": "forty", "city": "Rome", "new one": 1.0}, "prediction": True}
    write(tmp_path / "b.parquet", [row() | changed, row() | changed | {"inputs": {"age": "41"}}], schema(now))
    with opened(tmp_path) as found:
        assert found.changed == {
            "age": "string in place of number",
            "smokes": "missing",
            "joined": "missing",
            "new one": "new",
        }
        assert ask(found, "SELECT age, smokes FROM recorded ORDER BY time, age NULLS FIRST") == [
            (40.0, True),
            (None, None),
            (41.0, None),
        ]
        assert "column 'smokes': missing" in found.troubles


def test_clocks_that_go_back_are_told_and_rows_stand_where_their_times_say(tmp_path):
    write(tmp_path / "120000-7-000001.parquet", [row(NOON)])
    write(tmp_path / "110000-7-000002.parquet", [row(NOON - HOUR)])
    with opened(tmp_path, window=HOUR) as found:
        assert [each.rows for each in found.windows] == [1, 1]
        (trouble,) = found.troubles
        assert "110000-7-000002.parquet: written after later times, so a clock was put back" in trouble


def test_a_process_that_was_started_again_is_no_clock_that_went_back(tmp_path):
    for day, number in ((1, 1), (1, 2), (2, 1), (2, 2)):
        path = tmp_path / f"date=2026-03-0{day}" / f"120000-7-00000{number}.parquet"
        write(path, [row(NOON + timedelta(days=day, seconds=number))])
    with opened(tmp_path) as found:
        assert found.troubles == []


def test_rows_from_the_future_are_left_out_and_told(tmp_path):
    write(tmp_path / "a.parquet", [row(NOON), row(NOON + timedelta(days=30))])
    with opened(tmp_path, now=NOON + HOUR) as found:
        assert [each.rows for each in found.windows] == [1]
        assert found.troubles == ["1 rows have times later than 2026-03-01 14:00 UTC, and are left out"]


def test_a_feature_by_the_name_of_an_own_column_has_another_name(tmp_path):
    signature = Signature([Column("Row", "number"), *COLUMNS], task="binary", classes=[False, True])
    write(tmp_path / "a.parquet", [row() | {"row": 3, "inputs": ROW | {"Row": 7.0}}], schema(signature))
    with open_records([str(tmp_path)], signature=signature, now=LATER) as found:
        assert found.names["Row"] == "Row (input)"
        assert ask(found, 'SELECT row, "Row (input)" FROM recorded') == [(3, 7.0)]


def test_one_version_may_be_asked_for(tmp_path):
    write(tmp_path / "a.parquet", [row(), row() | {"version": None}, row() | {"version": None}])
    for version, rows in {"v0.0.1": 1, "local": 2, None: 3}.items():
        with opened(tmp_path, version=version) as found:
            assert [each.rows for each in found.windows] == [rows]


def test_too_many_windows_are_refused(tmp_path):
    write(tmp_path / "a.parquet", [row(), row(NOON + timedelta(days=300))])
    with pytest.raises(InputError, match="choose longer ones"), opened(tmp_path, window=timedelta(minutes=1)):
        pass


def test_files_that_are_no_captures_are_named(tmp_path):
    write(tmp_path / "a.parquet", [row()])
    write(tmp_path / "b.parquet", [{"x": 1}], pa.schema([("x", pa.int64())]))
    with opened(tmp_path) as found:
        assert [each.rows for each in found.windows] == [1]
        assert "b.parquet: no recorded predictions, and left out" in found.troubles[0]
