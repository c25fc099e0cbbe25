"""The alert rules, each by Prometheus's own tool."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
RULES, CASES = ROOT / "operations" / "alerts.yaml", Path(__file__).parent / "alerts.yaml"


def alerts() -> dict[str, dict]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


@pytest.mark.parametrize(
    "command", [("check", "config", ROOT / "operations" / "prometheus.yaml"), ("test", "rules", CASES)]
)
def test_promtool_finds_nothing_wrong(command):
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    done = subprocess.run(["promtool", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_seen_to_come_and_to_stay_away():
    came, stayed = set(), set()
    for case in yaml.safe_load(CASES.read_text())["tests"]:
        for each in case["alert_rule_test"]:
            (came if each.get("exp_alerts") else stayed).add(each["alertname"])
    assert came == stayed == set(alerts())


def test_every_alert_says_what_is_wrong_what_to_do_and_how_bad_it_is():
    for name, rule in alerts().items():
        assert rule["labels"]["severity"] in ("warning", "critical"), name
        assert set(rule["annotations"]) == {"summary", "description"}, name


def test_every_alert_is_in_the_operators_page():
    page = (ROOT / "docs" / "operations.md").read_text()
    assert {name for name in alerts() if f"| `{name}` |" not in page} == set()
