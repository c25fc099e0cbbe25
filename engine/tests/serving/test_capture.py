"""What is recorded of predictions, and what happens where that cannot be."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cairn.rows.signature import Column, Signature
from cairn.serving import capture as captured
from cairn.serving.capture import Capture, Captured

COLUMNS = [
    Column("age", "number"),
    Column("city", "category", categories=["Oslo", "Rome"]),
    Column("smokes", "boolean"),
    Column("joined", "time"),
]
SIGNATURE = Signature(COLUMNS, target="bought", task="binary", classes=[False, True])
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def request(
    name: str, *rows: dict, time: datetime = NOON, seconds: float = 0.25, version: str | None = "v0.0.1"
) -> Captured:
    told = {"predictions": [True] * len(rows), "probabilities": [[0.25, 0.75]] * len(rows)}
    return Captured(name, time, seconds, version, SIGNATURE, rows, told)


def kept(folder: Path) -> list[dict]:
    return [row for path in sorted(folder.glob("date=*/*.parquet")) for row in pq.read_table(path).to_pylist()]


def test_rows_stand_by_date_as_the_model_took_them(tmp_path):
    capture = Capture(tmp_path, 1.0, captured.GIB)
    row = {"age": 40, "city": None, "smokes": 1, "joined": "2024-01-31", "unknown": "left out of the model"}
    capture.take(request("one", row, {"age": 1.5, "city": "Rome", "smokes": None, "joined": None}))
    capture.take(request("two", row, time=NOON + timedelta(days=1), seconds=1.5))
    capture.close()
    assert {path.parent.name for path in tmp_path.glob("*/*")} == {"date=2026-03-01", "date=2026-03-02"}
    first, second, third = kept(tmp_path)
    assert first["inputs"] == {"age": 40.0, "city": None, "smokes": True, "joined": "2024-01-31"}
    assert (second["request_id"], second["row"], second["inputs"]["age"]) == ("one", 1, 1.5)
    assert (third["request_id"], third["time"]) == ("two", NOON + timedelta(days=1))
    assert [each["seconds"] for each in (first, second, third)] == [0.25, 0.25, 1.5]
    assert (third["prediction"], third["probabilities"], third["version"]) == (True, [0.25, 0.75], "v0.0.1")


def test_the_oldest_files_go_when_all_are_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(captured, "FILES", 1)
    row = {"age": 1, "city": "Rome", "smokes": True, "joined": None}
    capture = Capture(tmp_path, 1.0, captured.GIB)
    for day in range(6):
        capture.take(request(str(day), row, time=NOON + timedelta(days=day)))
        capture.write()
    one = max(path.stat().st_size for path in tmp_path.glob("*/*"))
    capture.limit = 3.5 * one
    capture.take(request("6", row, time=NOON + timedelta(days=6)))
    capture.close()
    assert [each["request_id"] for each in kept(tmp_path)] == ["4", "5", "6"]


def test_what_cannot_be_written_is_told_and_stops_no_prediction(tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    capture = Capture(tmp_path / "file", 1.0, captured.GIB)
    capture.take(request("one", {"age": 1}))
    capture.close()
    assert "error: 1 requests are not recorded: " in capsys.readouterr().err


def test_rows_that_wait_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(captured, "ROWS", 10)
    monkeypatch.setattr(captured, "SECONDS", 3600.0)
    capture = Capture(tmp_path, 1.0, captured.GIB)
    for number in range(100):
        capture.take(request(str(number), {"age": number}))
        assert capture._rows < 10
    capture.close()
    assert len(kept(tmp_path)) == 100


def test_none_is_lost_where_many_threads_record_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(captured, "ROWS", 50)
    capture = Capture(tmp_path, 1.0, captured.GIB)

    def take(first: int) -> None:
        for number in range(first, first + 200):
            capture.take(request(str(number), {"age": number}))

    threads = [threading.Thread(target=take, args=(first,)) for first in range(0, 800, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    capture.close()
    assert sorted(int(each["request_id"]) for each in kept(tmp_path)) == list(range(800))


@pytest.mark.parametrize(("share", "least", "most"), [(1.0, 1000, 1000), (0.3, 200, 400)])
def test_a_share_of_the_requests_is_wanted(tmp_path, share, least, most):
    capture = Capture(tmp_path, share, captured.GIB)
    assert least <= sum(capture.wanted() for _ in range(1000)) <= most  # 300 +- 14: one run in a billion is outside
    capture.close()
