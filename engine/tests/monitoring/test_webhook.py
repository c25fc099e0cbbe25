"""A real server on this machine is told of alarms."""

import json
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cairn.documents import to_json
from cairn.monitoring import webhook


class Told(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append((self.path, self.headers["Content-Type"], json.loads(body)))
        time.sleep(3 if self.path == "/slow" else 0)
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    for name in (webhook.SLACK, webhook.GENERIC):
        monkeypatch.delenv(name, raising=False)
    served = ThreadingHTTPServer(("127.0.0.1", 0), Told)
    served.told, served.address = [], f"http://127.0.0.1:{served.server_port}"
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield served
    served.shutdown()
    served.server_close()


def send(content, timeout=60.0, page=None):
    return webhook.send(content, content.alarms, timeout=timeout, page=page)


def test_slack_gets_a_text_with_a_line_for_each_alarm(server, monkeypatch, content_of):
    monkeypatch.setenv("CAIRN_SLACK_WEBHOOK", f"{server.address}/services/T0/B0/secret")
    assert send(content_of(), page="https://reports.example/monitoring") == []
    ((path, kind, body),) = server.told
    assert (path, kind) == ("/services/T0/B0/secret", "application/json; charset=utf-8")
    assert body["text"].splitlines() == [
        "*model v0.0.3 in prod: alarm*",
        ":red_circle: drift of age: js_distance 0.31, 0 before (2026-03-02 00:00 to 2026-03-03 00:00)",
        ":red_circle: performance: roc_auc 0.6, 0.8 before (2026-03-01 00:00 to 2026-03-02 00:00)",
        "<https://reports.example/monitoring|The report>",
    ]


def test_a_program_gets_the_findings(server, monkeypatch, content_of):
    monkeypatch.setenv("CAIRN_WEBHOOK", f"{server.address}/alarms")
    content = content_of()
    assert send(content) == []
    ((_, _, body),) = server.told
    assert body["status"] == "alarm"
    assert body["findings"] == to_json(content.alarms)
    assert body["model"]["version"] == "v0.0.3"


def test_both_are_told_and_without_addresses_nobody(server, monkeypatch, content_of):
    assert send(content_of()) == []
    assert server.told == []
    for name in (webhook.SLACK, webhook.GENERIC):
        monkeypatch.setenv(name, server.address)
    send(content_of())
    assert len(server.told) == 2


def test_a_column_cannot_pass_for_slacks_own_marks(content_of):
    content = content_of()
    odd = replace(content.alarms[0], subject="<!channel> & co")
    assert "&lt;!channel&gt; &amp; co" in webhook.slack_message(content, [odd], None)["text"]


def test_of_many_alarms_slack_gets_the_worst_and_their_number(content_of):
    content = content_of()
    lines = webhook.slack_message(content, content.alarms * 20, None)["text"].splitlines()
    assert lines[-1] == "and 30 more"
    assert len(lines) == 12


@pytest.mark.parametrize(
    ("path", "timeout", "says"),
    [
        ("/broken", 60.0, "CAIRN_WEBHOOK: not delivered: HTTP Error 500: Internal Server Error"),
        ("/slow", 0.5, "CAIRN_WEBHOOK: not delivered: timed out"),
    ],
)
def test_what_is_not_delivered_is_said_in_one_line(server, monkeypatch, content_of, path, timeout, says):
    monkeypatch.setenv("CAIRN_WEBHOOK", server.address + path)
    assert send(content_of(), timeout=timeout) == [says]


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://somewhere/secret",
        "hooks.example/secret",
        "http://[secret",
        "http://127.0.0.1:secret/",
        "http://127.0.0.1:1/secret",
    ],
)
def test_an_address_that_cannot_be_is_said_and_never_shown(server, monkeypatch, content_of, address):
    monkeypatch.setenv("CAIRN_SLACK_WEBHOOK", address)
    (said,) = send(content_of())
    assert said.startswith("CAIRN_SLACK_WEBHOOK: ")
    assert "secret" not in said and "\n" not in said
