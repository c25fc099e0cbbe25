"""What `python -m bench.serve` makes of its measurements."""

import http.server
import json
import subprocess
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from bench.measure import CommandError
from bench.serve import load, model, report
from bench.serve.processes import Server
from bench.serve.servers import SYSTEMS


def visit(system, rate, p99, processes=1, **more):
    loads = {str(each): {"rate": rate, "p50": 1.0, "p99": p99, "errors": 0} for each in (1, 16, 64)}
    told = {"system": system, "processes": processes, "round": 0, "start": 3.0, "gib": 0.5, "one_row": loads}
    return told | more


def ours(rate, p99, rows=400.0):
    many = {"json": {"rate": rows}, "arrow": {"rate": 100.0}, "bare": 50_000.0}
    return visit("cairn", rate, p99, many_rows=many, imports=2.0)


def claims(*visits):
    found = report.found(list(visits), rounds=1, seconds=1, warm_up=1)
    return {each["asked"]: (each["found"], each["held"]) for each in found["claims"]}


def test_throughput_is_held_against_the_fastest_peer_and_p99_against_the_one_that_is_least_slow():
    told = claims(ours(300, 5.0), visit("fastapi", 200, 9.0), visit("bentoml", 100, 4.0))
    rate = "1 process, 16 connections: more requests a second than every other server"
    assert told[rate] == (f"1.50 times {SYSTEMS['fastapi'].title}", True)
    (slowest,) = [value for asked, value in told.items() if "p99" in asked]
    assert slowest == ("5.00 ms; BentoML 4.00 ms", False)


def test_figures_are_medians_over_the_rounds():
    told = claims(ours(300, 5.0), ours(100, 5.0), ours(200, 5.0), visit("fastapi", 100, 9.0))
    assert told["1 process, 1 connection: more requests a second than every other server"][0].startswith("2.00 times")


def test_many_rows_are_set_beside_the_bare_prediction_and_the_start_beside_the_imports():
    told = claims(ours(300, 5.0))
    shares = {asked: value for asked, value in told.items() if "100 rows as" in asked}
    assert list(shares.values()) == [("0.80", True), ("0.20", False)]
    assert told["from start to the first prediction at most 1.5 times `import litserve, xgboost`"] == ("1.50", True)


def test_what_was_not_measured_is_not_held_and_a_server_that_failed_says_why_in_its_line():
    failed = {"system": "mlserver", "processes": 1, "round": 0, "failed": "could not be installed"}
    told = claims(ours(300, 5.0), failed)
    assert told["1 process, 1 connection: more requests a second than every other server"] == ("", None)
    page = report.document(report.found([ours(300, 5.0), failed], rounds=1, seconds=1, warm_up=1))
    assert "failed: could not be installed" in page


@pytest.mark.parametrize(
    ("dialect", "answer"),
    [
        ("instances", {"probabilities": [[0.4, 0.6], [0.75, 0.25]]}),
        ("v2", {"outputs": [{"data": [0.6, 0.25]}]}),
        ("inputs", {"predictions": [0.6, 0.25]}),
    ],
)
def test_the_probability_of_the_last_class_is_found_in_every_kind_of_answer(dialect, answer):
    assert model.probabilities(answer, dialect) == [0.6, 0.25]


@pytest.fixture
def server():
    """Answer each request with the number that it holds, and the last body that came first with a fault."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps({"predictions": [asked]}).encode()
            self.send_response(500 if asked < 0 else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        system = SimpleNamespace(title="Echo", path="/", dialect="inputs")
        yield Server(system, running.server_port, 0, 0.0)
        running.shutdown()


def test_answers_are_compared_with_the_models(server):
    load.check(server, [b"0.25", b"0.5"], np.array([0.25, 0.5]), "inputs")
    with pytest.raises(CommandError, match="Echo predicts something else than the model"):
        load.check(server, [b"0.25", b"0.5"], np.array([0.25, 0.4]), "inputs")
    with pytest.raises(CommandError, match="Echo: 500"):
        load.check(server, [b"-1"], np.array([-1.0]), "inputs")


@pytest.mark.skipif(subprocess.run(["which", "wrk"], capture_output=True).returncode != 0, reason="wrk is not there")
def test_a_load_counts_requests_and_those_that_failed(server, tmp_path):
    good = load.measure(server, load.write([b"0.25", b"0.5"], tmp_path / "good"), connections=2, seconds=1)
    assert good.rate > 10
    assert good.errors == 0
    assert 0 < good.p50 <= good.p99
    assert load.measure(server, load.write([b"-1"], tmp_path / "bad"), connections=1, seconds=1).errors > 0
