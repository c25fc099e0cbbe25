"""A user's file on a web server, and what that can do wrong."""

import hashlib
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from engine.tests.tables.files import TABLE, in_format, ingest, refused, table

from cairn.tables import download


class Faulty(SimpleHTTPRequestHandler):
    """A server with faults: one file refused, one cut short, one that never comes, one after a server error."""

    def do_GET(self) -> None:
        fault = self.path.partition("?")[0].strip("/").removesuffix(".csv")
        if fault.isdigit():
            self.send_error(int(fault))
        elif fault == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"y\n1\n")
        elif fault == "slow":
            time.sleep(1.5)
        else:
            super().do_GET()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "www").mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Faulty, directory=str(tmp_path / "www"))) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def test_a_file_on_a_web_server_is_read_and_its_checksum_holds(tmp_path: Path, server: str) -> None:
    content = in_format(tmp_path / "www", "t.csv", True).read_bytes()
    table_there = ingest(tmp_path, f"{server}/t.csv.gz?token=1", sha256=hashlib.sha256(content).hexdigest())
    assert table(table_there)[1] == [tuple(row.values()) for row in TABLE.to_pylist()]
    changed = f"data.sha256: t.csv.gz has {hashlib.sha256(content).hexdigest()}, not abc; another version of the file?"
    (tmp_path / "raw" / "table.parquet").unlink()
    refused(tmp_path, f"{server}/t.csv.gz", changed, sha256="abc")


def test_what_a_web_server_can_do_wrong_gets_one_line(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = server.removeprefix("http://")
    refused(tmp_path, f"{server}/no.csv", f"data.path: {server}/no.csv: no such file (404)")
    secret = f"http://me:pass@{host}/403.csv?signature=x"
    refused(tmp_path, secret, f"data.path: {server}/403.csv: the server refuses (403); check the address")
    refused(tmp_path, f"{server}/500.csv", f"data.path: {server}/500.csv: the server answers 500")
    with monkeypatch.context() as impatient:
        impatient.setattr(download, "SILENCE_SECONDS", 1)
        refused(tmp_path, f"{server}/slow.csv", f"data.path: {server}/slow.csv: no answer within 1 seconds")
    refused(tmp_path, f"{server}/cut.csv", f"data.path: {server}/cut.csv: the connection broke off; try again")
    refused(tmp_path, "http://127.0.0.1:1/t.csv", "data.path: http://127.0.0.1:1/t.csv: cannot reach 127.0.0.1:1")
    refused(tmp_path, "http://no.invalid/t.csv", "data.path: http://no.invalid/t.csv: cannot reach no.invalid")
