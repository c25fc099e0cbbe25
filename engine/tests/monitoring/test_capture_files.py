"""Recorded predictions on a real S3 server."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from engine.tests.monitoring.recordings import LATER, NOON, SIGNATURE, row, write
from engine.tests.s3 import RCLONE, serving, sign_in

from cairn.errors import InputError
from cairn.monitoring.records import open_records

pytestmark = pytest.mark.skipif(RCLONE is None, reason="rclone is not installed")


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("s3")
    for day in range(3):
        name = f"date=2026-03-0{day + 1}/120000-7-000001.parquet"
        write(folder / "bucket" / "captured" / name, [row(NOON + timedelta(days=day))])
    (folder / "bucket" / "empty").mkdir()
    with serving(folder) as address:
        yield address


@pytest.fixture(autouse=True)
def credentials(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)


def test_a_folder_on_s3_is_read_like_one_on_this_disk():
    with open_records(["s3://bucket/captured"], signature=SIGNATURE, now=LATER) as found:
        assert [each.rows for each in found.windows] == [1, 1, 1]
        assert found.troubles == []


def test_days_that_are_not_asked_for_are_not_fetched():
    with open_records(
        ["s3://bucket/captured/"], signature=SIGNATURE, now=LATER, since=NOON + timedelta(days=1)
    ) as found:
        assert found.connection.execute("SELECT count(*) FROM every_row").fetchall() == [(2,)]


def test_a_folder_that_is_not_there_is_one_clear_error():
    with pytest.raises(InputError, match="s3://bucket/none: "), open_records(["s3://bucket/none"], signature=SIGNATURE):
        pass


def test_wrong_credentials_are_one_clear_error(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "WRONG")
    with (
        pytest.raises(InputError, match=r"s3://bucket/captured: .*check the address and the AWS_\* variables"),
        open_records(["s3://bucket/captured"], signature=SIGNATURE),
    ):
        pass
