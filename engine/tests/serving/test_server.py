"""A real server, asked over HTTP."""

import http.client
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from engine.tests.serving.conftest import SECONDS, table, until

from cairn.models import saved

ROW = {"age": 40, "city": "Rome"}
JSON = {"instances": [ROW]}


def test_a_prediction_is_that_of_the_model_to_the_last_bit(server, model):
    rows = table(50).drop(columns="bought")
    answer = server.ask("/predict", {"instances": rows.to_dict("records")})
    loaded = saved.load(model)
    assert answer.status == 200
    assert answer.body["probabilities"] == loaded.predict_proba(rows).tolist()
    assert answer.body["predictions"] == loaded.predict(rows).tolist()
    assert answer.body["model"] == {"name": "model", "version": None, "stage": None}
    assert len(answer.body["request_id"]) == 32


def test_a_request_may_bring_its_own_id(server):
    assert server.ask("/predict", JSON, X_Request_Id="mine").body["request_id"] == "mine"
    assert server.ask("/predict", b"{", X_Request_Id="mine").body["request_id"] == "mine"


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"", 400, "the body is no JSON"),
        (b"{", 400, "the body is no JSON"),
        (b"\xff\xfe", 400, "the body is no JSON"),
        (b'{"instances": [{"age": NaN, "city": "Rome"}]}', 400, "the body is no JSON"),
        (b"[" * 100_000, 400, "the body is no JSON"),
        ([], 422, "the body must be an object such as"),
        ({"rows": []}, 422, "the body must be an object such as"),
        ({"instances": [7]}, 422, "row 0: a row is an object of columns and values; got 7"),
        ({"instances": [ROW, {"age": 1}]}, 422, "row 1: city: missing"),
        ({"instances": [{**ROW, "name": "Ann"}]}, 422, "row 0: name: no such column"),
        ({"instances": [{**ROW, "age": "old"}]}, 422, "row 0: age: a number is wanted; got 'old'"),
        ({"instances": [{**ROW, "age": 10**400}]}, 400, "the body is no JSON: number is infinity"),
        ({"instances": [{**ROW, "age": 1e300}]}, 422, "row 0: age: 1e+300 is too large; at most 3.40282e+38"),
        ({"instances": [{**ROW, "age": True}]}, 422, "row 0: age: a number is wanted; got True"),
        ({"instances": [{**ROW, "city": 3}]}, 422, "row 0: city: a text is wanted, such as 'Bonn'; got 3"),
        ({"instances": [ROW], "explain": 1}, 422, "explain: true or false is wanted"),
        ({"instances": [ROW] * 10_001}, 413, "10,001 rows are too many; serve.max_rows is 10,000"),
        (b" " * (33 * 2**20), 413, "the body is too large; serve.max_body is 32 MiB"),
    ],
    ids=lambda each: str(each)[:40] if isinstance(each, str | int) else "",
)
def test_a_wrong_request_gets_a_line_that_says_why(server, body, status, error):
    answer = server.ask("/predict", body)
    assert (answer.status, answer.body["error"][: len(error)]) == (status, error)


def test_what_is_wrong_is_named_by_row_and_column(server):
    wrong = [{**ROW, "age": "old"}, ROW, {"age": 1}]
    details = server.ask("/predict", {"instances": wrong}).body["details"]
    assert [(each["row"], each["column"]) for each in details] == [(0, "age"), (2, "city")]


def test_what_is_not_there_is_told_in_json_too(server):
    assert (server.ask("/nothing").status, server.ask("/nothing").body["error"][:13]) == (404, "GET /nothing:")
    assert server.ask("/predict").status == 405
    answer = server.ask("/predict", b"x", Content_Type="image/png")
    assert (answer.status, answer.body["error"][:26]) == (415, "content type 'image/png' i")


def test_no_rows_are_no_error(server):
    assert server.ask("/predict", {"instances": []}).body["predictions"] == []


def as_parquet(rows: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), sink)
    return sink.getvalue()


def as_arrow(rows: pd.DataFrame) -> bytes:
    sink, content = io.BytesIO(), pa.Table.from_pandas(rows, preserve_index=False)
    with pa.ipc.new_stream(sink, content.schema) as writer:
        writer.write_table(content)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("text/csv", lambda rows: rows.to_csv(index=False).encode()),
        ("text/csv", lambda rows: rows.to_csv(index=False, header=False).encode()),
        ("text/csv; charset=utf-8", lambda rows: rows[["city", "age"]].to_csv(index=False).encode()),
        ("application/vnd.apache.parquet", as_parquet),
        ("application/vnd.apache.arrow.stream", as_arrow),
    ],
)
@pytest.mark.parametrize("path", ["/predict", "/invocations"])
def test_a_table_gives_the_same_predictions(server, model, kind, written, path):
    rows = table(300).drop(columns="bought")
    answer = server.ask(path, written(rows), Content_Type=kind)
    assert answer.body["probabilities"] == saved.load(model).predict_proba(rows).tolist()


@pytest.mark.parametrize("kind", ["text/csv", "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"])
def test_a_table_that_is_none_is_refused(server, kind):
    assert server.ask("/predict", b'\x00"', Content_Type=kind).status in (400, 422)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("text/csv", lambda rows: rows.to_csv(index=False).encode()),
        ("application/vnd.apache.parquet", lambda rows: as_parquet(rows.assign(age=[1.0, 1e300, 2.0]))),
    ],
)
def test_what_is_wrong_in_a_table_is_named_by_row_and_column(server, kind, written):
    rows = pd.DataFrame({"age": ["1", "old", "2"], "city": ["Rome", "Oslo", None]})
    answer = server.ask("/predict", written(rows), Content_Type=kind)
    assert (answer.status, answer.body["error"][:11]) == (422, "row 1: age:")
    assert [(each["row"], each["column"]) for each in answer.body["details"]] == [(1, "age")]


def test_a_table_without_a_column_is_refused_by_its_name(server):
    answer = server.ask("/invocations", b"age,town\n1,Rome\n", Content_Type="text/csv")
    assert (answer.status, "city" in answer.body["error"]) == (422, True)


def test_the_answer_may_be_a_table_too(server, model):
    rows = table(20).drop(columns="bought")
    expected = saved.load(model).predict_proba(rows)
    content = rows.to_csv(index=False).encode()
    answer = server.ask("/invocations", content, Content_Type="text/csv", Accept="text/csv").body
    read = [[float(text) for text in line.split(",")[1:]] for line in answer.decode().splitlines()]
    assert read == expected.tolist()
    answer = server.ask(
        "/predict",
        as_arrow(rows),
        Content_Type="application/vnd.apache.arrow.stream",
        Accept="application/vnd.apache.arrow.stream",
    ).body
    assert pa.ipc.open_stream(answer).read_all()["probability_1"].to_pylist() == expected[:, 1].tolist()


def test_many_rows_go_to_a_worker_and_come_back_the_same(server, model):
    rows = table(3000).drop(columns="bought")
    answer = server.ask("/predict", {"instances": rows.to_dict("records")})
    assert answer.body["probabilities"] == saved.load(model).predict_proba(rows).tolist()
    wrong = rows.assign(age="old")
    assert server.ask("/predict", {"instances": wrong.to_dict("records")}).body["error"].startswith("row 0: age: a num")


@pytest.mark.slow
def test_requests_are_batched_where_that_is_wanted_and_ctrl_c_ends_the_server(start, model):
    server = start("--path", model, "-S", "max_batch_size=8", "-S", "batch_timeout=0.5")
    rows = table(60).drop(columns="bought").to_dict("records")
    answers = {}

    def ask(place: int) -> None:
        answers[place] = server.ask(
            "/predict", {"instances": [rows[place], {**rows[place], "age": "old"}][: 1 + (place == 7)]}
        )

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = saved.load(model).predict_proba(pd.DataFrame(rows)).tolist()
    assert answers.pop(7).status == 422
    assert all(answer.body["probabilities"] == [expected[place]] for place, answer in answers.items())
    counted = metrics(server)
    batches, requests = counted["cairn_batch_requests_count"], counted["cairn_batch_requests_sum"]
    assert requests == 60
    assert batches < 30

    assert "Traceback" not in server.end(signal.SIGINT)
    assert server.process.returncode == 0


def metrics(server) -> dict[str, float]:
    """Give the figures of /metrics, those of equal name added up."""
    found: dict[str, float] = {}
    for line in server.ask("/metrics").body.decode().splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            found[name.split("{")[0]] = found.get(name.split("{")[0], 0) + float(value)
            found[name] = float(value)
    return found


@pytest.mark.slow
def test_metrics_are_right_across_all_processes(start, model):
    server = start("--path", model, "-S", "processes=2")
    rows = table(40).drop(columns="bought")
    for row in rows.to_dict("records"):
        server.ask("/predict", {"instances": [row]})
    server.ask("/predict", {"instances": rows.to_dict("records")})
    server.ask("/predict", b"{")
    server.ask("/predict", as_parquet(rows), Content_Type="application/vnd.apache.parquet")
    counted, chosen = metrics(server), saved.load(model).predict(rows)
    version = 'version="local"'
    assert counted[f'cairn_requests_total{{path="/predict",status="200",{version}}}'] == 42
    assert counted[f'cairn_requests_total{{path="/predict",status="400",{version}}}'] == 1
    assert counted[f'cairn_request_duration_seconds_count{{path="/predict",{version}}}'] == 43
    assert counted[f"cairn_request_rows_sum{{{version}}}"] == 120
    assert counted[f'cairn_predictions_total{{prediction="True",{version}}}'] == 3 * chosen.sum()
    assert counted[f"cairn_prediction_probability_count{{{version}}}"] == 120
    probability = saved.load(model).predict_proba(rows)[:, 1]
    assert counted[f"cairn_prediction_probability_sum{{{version}}}"] == pytest.approx(3 * probability.sum())
    assert (counted[f'cairn_model_info{{model="model",stage="",{version}}}'], counted["cairn_degraded"]) == (1, 0)
    half = counted[f'cairn_prediction_probability_bucket{{le="0.5",{version}}}']
    assert half == 3 * (probability <= 0.5).sum()


def test_info_and_the_openapi_document_describe_the_model(server):
    about = server.ask("/info").body
    assert (about["target"], about["classes"]) == ("bought", [False, True])
    assert [(column["name"], column["kind"]) for column in about["columns"]] == [
        ("age", "number"),
        ("city", "category"),
    ]
    row = server.ask("/openapi.json").body["components"]["schemas"]["Row"]
    assert row["required"] == ["age", "city"]
    assert row["properties"]["city"]["examples"] == ["Bonn", "Oslo", "Rome"]


def test_schemathesis_finds_nothing_against_the_openapi_document(server, tmp_path):
    address = f"http://127.0.0.1:{server.port}/openapi.json"
    known = ["--checks", "all", "--max-examples", "20", "--seed", "1", "--suppress-health-check", "all"]
    command = [sys.executable, "-m", "schemathesis.cli", "run", address, *known]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout[-5000:]
    assert "Tested: 7" in done.stdout


@pytest.mark.slow
def test_the_seconds_that_are_recorded_are_those_of_the_request(start, model, tmp_path):
    server = start("--path", model, "-S", "capture=all", "-S", f"capture_folder={tmp_path}")
    bodies = {"answered where it arrives": JSON, "by a worker": {"instances": [ROW] * 2000}}
    taken = {}
    for request_id, content in bodies.items():
        body, began = json.dumps(content).encode(), time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.putrequest("POST", "/predict")
        for name, value in {"content-type": "application/json", "content-length": len(body)}.items():
            connection.putheader(name, str(value))
        connection.putheader("x-request-id", request_id)
        connection.endheaders()
        time.sleep(1)  # the request has begun, and waits for its body
        connection.send(body)
        assert len(json.loads(connection.getresponse().read())["predictions"]) == len(content["instances"])
        taken[request_id] = time.perf_counter() - began
    server.end()
    kept = pq.read_table(tmp_path).to_pandas().groupby("request_id")["seconds"]
    assert (kept.min() == kept.max()).all()
    for request_id, seconds in kept.first().items():
        assert 0.5 < seconds < taken.pop(request_id)  # a busy server may begin late
    assert not taken


def test_sigterm_ends_all_processes_answers_what_was_accepted_and_loses_no_record(start, model, tmp_path):
    recorded = ("-S", "capture=all", "-S", f"capture_folder={tmp_path}")
    server = start("--path", model, *recorded, "-S", f"timeout={SECONDS}")
    mine = server.processes()
    assert len(mine) >= 4
    rows = table(2500).drop(columns="bought")
    answers = [server.ask("/predict", {"instances": [row]}).body for row in rows[:30].to_dict("records")]
    answers.append(server.ask("/predict", {"instances": rows.to_dict("records")}).body)
    answers.append(server.ask("/predict", as_arrow(rows), Content_Type="application/vnd.apache.arrow.stream").body)
    server.ask("/predict", {"instances": [{}]})

    body, asked = json.dumps({"instances": [ROW] * 9000}), []
    for _ in range(4):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        asked.append(connection)
    ours = {connection.sock.getsockname()[1] for connection in asked}
    assert until(lambda: ours <= {each.raddr.port for pid in mine for each in sockets(pid) if each.raddr})
    time.sleep(1)  # accepted is not yet read
    server.process.send_signal(signal.SIGTERM)
    last = [connection.getresponse() for connection in asked]
    told = [json.loads(answer.read()) for answer in last]
    assert [(answer.status, len(each["predictions"])) for answer, each in zip(last, told, strict=True)] == [
        (200, 9000)
    ] * 4
    server.said()
    assert server.process.returncode == 0
    assert until(lambda: not any(alive(pid) for pid in mine))
    assert_recorded(tmp_path, [*answers, *told], saved.load(model))


def assert_recorded(folder: Path, answers: list[dict[str, Any]], model: saved.Model) -> None:
    kept = pq.read_table(folder).to_pandas()
    assert len(kept) == 30 + 2500 + 2500 + 4 * 9000
    assert sorted(kept["date"].astype(str).unique()) == sorted({f"{each:%Y-%m-%d}" for each in kept["time"]})
    of = {name: part.sort_values("row") for name, part in kept.groupby("request_id")}
    for answer in answers:
        part = of.pop(answer["request_id"])
        assert part["prediction"].tolist() == answer["predictions"]
        assert [each.tolist() for each in part["probabilities"]] == answer["probabilities"]
        assert model.predict_proba(pd.DataFrame(part["inputs"].tolist())).tolist() == answer["probabilities"]
    assert not of


@pytest.mark.slow
def test_a_process_that_is_killed_is_replaced_and_none_outlives_the_first(start, model):
    server = start("--path", model)
    kill_what_answers(server)
    kill_the_worker(server)
    mine = server.processes()
    server.end(signal.SIGKILL)
    assert until(lambda: not any(alive(pid) for pid in mine))


def kill_what_answers(server) -> None:
    """Kill the process that answers, twice, and see it replaced."""
    for _ in range(2):
        before = server.processes()
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/ping")
        assert connection.getresponse().read()
        mine = connection.sock.getsockname()[1]
        (answering,) = [pid for pid in before if any(each.raddr and each.raddr.port == mine for each in sockets(pid))]
        os.kill(answering, signal.SIGKILL)
        assert until(lambda gone=answering, all_of=before: len(server.processes() - {gone}) == len(all_of))
    assert all(server.ask("/predict", JSON).status == 200 for _ in range(20))


def kill_the_worker(server) -> None:
    """Kill the worker while it holds a request: that gets an answer, and the worker is replaced."""
    bulk = {"instances": [ROW] * 2000}
    assert server.ask("/predict", bulk).status == 200
    (worker,) = [pid for pid in server.processes() if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(worker, signal.SIGSTOP)  # so that it holds the request, and does not answer it
    answers = []
    thread = threading.Thread(target=lambda: answers.append(server.ask("/predict", bulk)))
    thread.start()
    time.sleep(0.5)
    os.kill(worker, signal.SIGKILL)
    thread.join(SECONDS)
    assert [answer.status in (200, 503) for answer in answers] == [True]
    assert until(lambda: server.ask("/predict", bulk).status == 200)


def test_a_model_that_does_not_load_is_one_line_and_no_server(start, model, tmp_path):
    with pytest.raises(AssertionError, match=r"error: .*no model here"):
        start("--path", tmp_path)
    (starter,) = start.started
    assert starter.process.returncode == 1


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def sockets(pid: int) -> list[Any]:
    return psutil.Process(pid).net_connections("tcp")
