"""Reading the user's own file from a real S3 server."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from engine.tests.ports import free_port
from engine.tests.s3 import RCLONE, serving, sign_in

from cairn.errors import InputError
from cairn.tables.file import File

pytestmark = pytest.mark.skipif(RCLONE is None, reason="rclone is not installed")

CONTENT = b"a,b,y\n" + b"".join(b"%d,x%d,%d\n" % (n, n, n % 2) for n in range(1000))


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("s3")
    (folder / "bucket" / "in").mkdir(parents=True)
    (folder / "bucket" / "in" / "hats.csv").write_bytes(CONTENT)
    duckdb.execute(
        f"COPY (SELECT range AS a, hash(range) AS b, range % 2 AS y FROM range(1_500_000)) "
        f"TO '{folder}/bucket/big.parquet' (COMPRESSION uncompressed)"
    )
    with serving(folder) as address:
        yield address


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch)


def ingest(folder: Path, path: str, **options: Any) -> Path:
    raw = folder / "raw"
    raw.mkdir(exist_ok=True)
    File(path=path, target="y", **options).ingest(raw, folder)
    assert [each.name for each in raw.iterdir()] == ["table.parquet"]
    return raw / "table.parquet"


def refused(folder: Path, path: str, line: str, **options: Any) -> None:
    with pytest.raises(InputError) as caught:
        ingest(folder, path, **options)
    assert str(caught.value) == line
    assert not list((folder / "raw").iterdir())


def test_a_file_on_s3_is_read_and_its_checksum_holds(tmp_path: Path, endpoint: str) -> None:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    table = ingest(tmp_path, "s3://bucket/in/hats.csv", endpoint=endpoint, sha256=sha256)
    assert duckdb.sql(f"FROM '{table}'").fetchall() == [(n, f"x{n}", n % 2) for n in range(1000)]


def test_the_endpoint_may_stand_in_the_environment(
    tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    assert ingest(tmp_path, "s3://bucket/in/hats.csv").exists()


def test_a_file_of_many_chunks_arrives_whole(tmp_path: Path, endpoint: str) -> None:
    table = ingest(tmp_path, "s3://bucket/big.parquet", endpoint=endpoint)
    assert table.stat().st_size > 16_000_000
    rows = duckdb.sql(f"SELECT count(*), count(DISTINCT b), sum(a) FROM '{table}'").fetchall()
    assert rows == [(1_500_000, 1_500_000, 1_500_000 * 1_499_999 // 2)]


def test_what_is_not_on_s3_gets_one_line(tmp_path: Path, endpoint: str) -> None:
    no_file = "data.path: s3://bucket/in/hat.csv: no such file (404) (did you mean 'hats.csv'?)"
    refused(tmp_path, "s3://bucket/in/hat.csv", no_file, endpoint=endpoint)
    no_bucket = "data.path: s3://bukket/in/hats.csv: no bucket 'bukket'"
    refused(tmp_path, "s3://bukket/in/hats.csv", no_bucket, endpoint=endpoint)


def test_wrong_and_missing_credentials_get_one_line(
    tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "s3://bucket/in/hats.csv"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "WRONG")
    line = f"data.path: {path}: the server refuses (403); check the AWS_* credentials"
    refused(tmp_path, path, line, endpoint=endpoint)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    line = f"data.path: {path}: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    refused(tmp_path, path, line, endpoint=endpoint)


def test_a_server_that_is_not_there_gets_one_line_within_seconds(tmp_path: Path) -> None:
    nowhere, began = f"http://127.0.0.1:{free_port()}", time.monotonic()
    line = f"data.path: s3://bucket/t.csv: cannot reach {nowhere}; check data.endpoint"
    refused(tmp_path, "s3://bucket/t.csv", line, endpoint=nowhere)
    assert time.monotonic() - began < 15
    line = "data.path: s3://bucket/t.csv: cannot reach localhost; check data.endpoint"
    refused(tmp_path, "s3://bucket/t.csv", line, endpoint="localhost")
