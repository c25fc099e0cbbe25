"""The dashboard, as Grafana's documents want one; whether its queries find anything, test_prometheus.py tries."""

import itertools
import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
BOARD = json.loads((ROOT / "operations" / "grafana.json").read_text())
PANELS = BOARD["panels"]
SHOWN = [panel for panel in PANELS if panel["type"] != "row"]
GRID = 24  # columns; https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/


def cells(panel: dict) -> set[tuple[int, int]]:
    at = panel["gridPos"]
    return set(itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])))


def test_every_panel_has_an_id_of_its_own():
    ids = [panel["id"] for panel in PANELS]
    assert len(set(ids)) == len(ids)


def test_panels_fill_the_grid_without_a_gap_or_an_overlap():
    taken = list(itertools.chain.from_iterable(map(cells, PANELS)))
    height = max(y for _, y in taken) + 1
    assert sorted(taken) == sorted(itertools.product(range(GRID), range(height)))


def test_every_query_goes_to_the_prometheus_that_is_chosen_above():
    variables = {each["name"]: each for each in BOARD["templating"]["list"]}
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", "prometheus")
    asking = [*SHOWN, *BOARD["annotations"]["list"], *(each for each in variables.values() if each["type"] == "query")]
    assert {(each["datasource"]["type"], each["datasource"]["uid"]) for each in asking} == {
        ("prometheus", "${datasource}")
    }


def test_every_variable_is_known_and_used():
    asked = "\n".join(target["expr"] for panel in SHOWN for target in panel["targets"])
    known = {each["name"] for each in BOARD["templating"]["list"]} - {"datasource"}
    assert set(re.findall(r"\$(\w+)", asked)) == known | {"__rate_interval"}


def test_the_targets_of_a_panel_are_told_apart():
    for panel in SHOWN:
        names = [target["refId"] for target in panel["targets"]]
        legends = [target["legendFormat"] for target in panel["targets"]]
        assert len(set(names)) == len(names) and len(set(legends)) == len(legends), panel["title"]


def test_what_is_asked_of_jobs_names_those_of_prometheus_yaml():
    jobs = {each["job_name"] for each in yaml.safe_load((ROOT / "operations/prometheus.yaml").read_text())["scrape_configs"]}  # fmt: skip
    text = json.dumps(BOARD).replace("\\", "") + (ROOT / "operations" / "alerts.yaml").read_text()
    assert set(re.findall(r'job="([\w-]+)"', text)) == jobs
