"""Which requests used which version, counted by hand on files of the server's own writer."""

from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from engine.tests.monitoring.recordings import NOON, row, write

from cairn.errors import InputError
from cairn.monitoring.usage import Usage, count_usage

MORNING = NOON - timedelta(hours=3)
TOMORROW = NOON + timedelta(days=1)


@pytest.fixture
def folder(tmp_path):
    """Two versions on the first day, one of which also answers on the next; one request has three rows."""
    first = [row(MORNING, request="a"), *(row(NOON, request="b", number=number) for number in range(3))]
    second = [row(NOON, request="c") | {"version": "v0.0.2"}]
    write(tmp_path / "date=2026-03-01" / "090000-1-000001.parquet", first)
    write(tmp_path / "date=2026-03-01" / "120000-1-000002.parquet", second)
    write(tmp_path / "date=2026-03-02" / "120000-1-000003.parquet", [row(TOMORROW, request="d") | {"version": None}])
    return tmp_path


def test_requests_and_rows_are_counted_by_day_and_version(folder):
    uses, left_out = count_usage([str(folder)])
    assert uses == [
        Usage("v0.0.1", MORNING, NOON, 2, 4),
        Usage("v0.0.2", NOON, NOON, 1, 1),
        Usage("local", TOMORROW, TOMORROW, 1, 1),
    ]
    assert left_out == []


def test_a_span_of_time_ends_just_before_it_ends(folder):
    uses, _ = count_usage([str(folder)], since=NOON, until=TOMORROW)
    assert [(use.version, use.rows) for use in uses] == [("v0.0.1", 3), ("v0.0.2", 1)]
    assert count_usage([str(folder)], since=TOMORROW)[0][0].version == "local"


def test_a_request_is_found_by_its_id_whatever_stands_in_it(folder):
    uses, _ = count_usage([str(folder)], request="b")
    assert uses == [Usage("v0.0.1", NOON, NOON, 1, 3)]
    assert count_usage([str(folder)], request="' or true --")[0] == []


@pytest.mark.parametrize("damage", ["foot", "middle"])
def test_a_damaged_file_is_named_and_the_others_are_counted(folder, damage):
    path = folder / "date=2026-03-01" / "120000-1-000002.parquet"
    content = bytearray(path.read_bytes())
    if damage == "foot":
        content = content[:-20]
    else:
        column = pq.read_metadata(path).row_group(0).column(1)
        start = min(each for each in (column.dictionary_page_offset, column.data_page_offset) if each)
        content[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(content)
    uses, left_out = count_usage([str(folder)])
    assert [use.version for use in uses] == ["v0.0.1", "local"]
    assert left_out == ["date=2026-03-01/120000-1-000002.parquet: cannot be read, and left out"]


def test_where_every_file_is_damaged_nothing_is_counted(tmp_path):
    (tmp_path / "one.parquet").write_bytes(b"not Parquet")
    assert count_usage([str(tmp_path)]) == ([], [f"{tmp_path.name}/one.parquet: cannot be read, and left out"])


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        count_usage([str(tmp_path / "nowhere")])


def test_days_are_those_of_utc_wherever_the_machine_stands(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    late = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    write(tmp_path / "date=2026-03-01" / "one.parquet", [row(late), row(late + timedelta(minutes=2))])
    assert [use.first for use in count_usage([str(tmp_path)])[0]] == [late, late + timedelta(minutes=2)]
