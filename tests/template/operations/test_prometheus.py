"""A real Prometheus looks at real servers: every query of the dashboard finds something, and alerts come."""

import json
import math
import os
import re
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from engine.tests.ports import free_port
from engine.tests.serving.conftest import until
from tests.template.operations.conftest import ROOT, asking, prometheus, running, trained

ROW = {"age": 40, "city": "Rome"}
BOARD = json.loads((ROOT / "operations" / "grafana.json").read_text())
QUERIES = [target["expr"] for panel in BOARD["panels"] for target in panel.get("targets", [])]
AREAS = ("traffic", "quality", "drift", "prediction", "estimate", "performance", "calibration", "bias", "attribution")


def told(status: int) -> str:
    """Spell reports/monitoring.prom: a figure of each area, all well but for drift."""
    found = {"last_run_timestamp_seconds": {"": time.time()}, "window_rows": {"": 1234}, "status": {"": status}}
    labels = {area: f'{{area="{area}",subject="age",measure="figure"}}' for area in AREAS}
    for name in ("value", "reference", "change"):
        found[name] = dict.fromkeys(labels.values(), 0.25)
    found["finding_status"] = {label: status if area == "drift" else 0 for area, label in labels.items()}
    return "".join(
        f"# TYPE cairn_monitor_{name} gauge\n"
        + "".join(f"cairn_monitor_{name}{label} {figure}\n" for label, figure in figures.items())
        for name, figures in found.items()
    )


def impatient(rules: str) -> str:
    """Let rules look back 10 seconds, and wait 2."""
    return re.sub(r"for: \w+", "for: 2s", re.sub(r"\[\w+\]", "[10s]", rules))


def filled(query: str) -> str:
    """Put in what Grafana puts in for its variables."""
    return re.sub(r"\$(instance|version)", ".*", query.replace("$__rate_interval", "10s"))


@pytest.mark.slow
def test_every_query_of_the_dashboard_finds_something_and_alerts_come_and_go(start, tmp_path: Path):
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "monitoring.prom").write_text(told(status=1))
    exporter = free_port()
    textfile = ("--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={reports}")
    with ExitStack() as stack:
        stack.enter_context(
            running("prometheus-node-exporter", *textfile, f"--web.listen-address=127.0.0.1:{exporter}")
        )
        shop = start("--path", trained(tmp_path / "shop", "binary"), "-S", "timeout=2", "-S", "processes=1")
        value = start("--path", trained(tmp_path / "value", "regression"), "-S", "processes=1")
        for server in (shop, value):
            stack.enter_context(asking(server, {"instances": [ROW, {**ROW, "age": 80}]}))
        stack.enter_context(asking(shop, {"instances": [ROW] * 1001}))  # so many go to a worker
        asked = stack.enter_context(prometheus(tmp_path, [shop.port, value.port], exporter, impatient))

        silent = set(map(filled, QUERIES))
        assert len(silent) > 30

        def all_speak() -> bool:
            silent.difference_update([each for each in silent if not all(map(math.isnan, asked.values(each)))])
            return not silent

        def alarms() -> set[tuple[str, str]]:
            return {each for each in asked.firing() if each[0] != "CairnSlow"}  # which a busy machine may be

        assert until(all_speak), silent
        assert until(lambda: alarms() == set()), asked.get("alerts")  # until its first scrape, nothing has run

        place = f"127.0.0.1:{shop.port}"
        (worker,) = [pid for pid in shop.processes() if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(worker, signal.SIGSTOP)  # what it is asked for is answered by 504, two seconds later
        assert until(lambda: alarms() == {("CairnErrors", place)}), asked.get("alerts")
        os.kill(worker, signal.SIGCONT)
        assert until(lambda: alarms() == set()), asked.get("alerts")

        (reports / "monitoring.prom").write_text(told(status=2))
        assert until(lambda: alarms() == {("CairnMonitorAlarm", f"127.0.0.1:{exporter}")}), asked.get("alerts")
        value.end()
        gone = ("CairnServerDown", f"127.0.0.1:{value.port}")
        assert until(lambda: gone in alarms()), asked.get("alerts")
