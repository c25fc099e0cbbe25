"""Files on a web server and on a real S3 server."""

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from engine.tests.s3 import RCLONE, serving, sign_in

from cairn.batch.locations import place
from cairn.batch.scoring import Options, score
from cairn.errors import InputError
from cairn.models.saved import Model


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "web").mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    handler = functools.partial(Quiet, directory=str(tmp_path / "web"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Start an S3 server over a folder with one bucket, and give the bucket's folder."""
    if RCLONE is None:
        pytest.skip("rclone is not installed")
    (tmp_path / "s3" / "bucket").mkdir(parents=True)
    sign_in(monkeypatch)
    with serving(tmp_path / "s3") as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        yield tmp_path / "s3" / "bucket"


def test_a_file_of_a_web_server_is_scored(
    tmp_path: Path, web: str, model: Model, people_of: Callable[..., pd.DataFrame]
) -> None:
    table = people_of(50)
    table.to_csv(tmp_path / "web" / "in.csv.gz", index=False)
    table.to_parquet(tmp_path / "web" / "in.parquet")
    for name in ("in.csv.gz", "in.parquet"):
        score(model, None, f"{web}/{name}?version=1", str(tmp_path / "out.parquet"), Options())
        found = pd.read_parquet(tmp_path / "out.parquet")
        assert (found["probability_true"] == model.predict_proba(table)[:, 1]).all()
    with pytest.raises(InputError, match=rf"INPUT: {web}/none.csv: no such file \(404\)"):
        score(model, None, f"{web}/none.csv", str(tmp_path / "out.parquet"), Options())
    with pytest.raises(InputError, match="predictions are written to a path or to s3://"):
        score(model, None, f"{web}/in.parquet", f"{web}/out.parquet", Options())


def test_a_file_of_s3_is_scored_onto_s3(
    tmp_path: Path, s3: Path, model: Model, people_of: Callable[..., pd.DataFrame]
) -> None:
    table = people_of(50).astype({"age": object})
    table.loc[3, "age"] = "three"
    table.to_csv(s3 / "in.csv", index=False)
    done = score(model, None, "s3://bucket/in.csv", "s3://bucket/a/out.parquet", Options(bad_rows="aside"))
    assert done.aside == "s3://bucket/a/out.bad.jsonl"
    assert (s3 / "a" / "out.bad.jsonl").read_text().count("\n") == 1
    found = pd.read_parquet(s3 / "a" / "out.parquet")
    assert (found["probability_true"] == model.predict_proba(people_of(50).drop(index=3))[:, 1]).all()
    with pytest.raises(InputError, match=r"in.csv, line 5: age: a number is wanted"):
        score(model, None, "s3://bucket/in.csv", "s3://bucket/b/out.parquet", Options())
    assert not (s3 / "b").exists()


def test_what_s3_does_not_have_or_take_gets_one_line(
    tmp_path: Path, s3: Path, model: Model, people_of: Callable[..., pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    people_of(20).to_csv(tmp_path / "in.csv", index=False)
    with pytest.raises(InputError, match=r"INPUT: s3://bucket/in.csv: no such file \(404\)"):
        score(model, None, "s3://bucket/in.csv", str(tmp_path / "out.csv"), Options())
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "WRONG")
    with pytest.raises(InputError, match=r"s3://bucket/out.csv: cannot write it: .*; check the address and the AWS"):
        score(model, None, str(tmp_path / "in.csv"), "s3://bucket/out.csv", Options())
    assert not list(s3.iterdir())


def test_a_file_that_is_not_here_names_the_nearest(tmp_path: Path, model: Model) -> None:
    (tmp_path / "customers.csv").touch()
    with pytest.raises(InputError, match=r"INPUT: no file 'customer.csv' in .*/ \(did you mean 'customers.csv'\?\)"):
        score(model, None, str(tmp_path / "customer.csv"), str(tmp_path / "out.csv"), Options())


def test_a_place_beside_another_is_in_its_folder() -> None:
    assert place("s3://bucket/a/b.csv").beside("c.csv").address == "s3://bucket/a/c.csv"
    assert place("b.csv").beside("c.csv").address == "c.csv"
    assert place("/b.csv").beside("c.csv").address == "/c.csv"
