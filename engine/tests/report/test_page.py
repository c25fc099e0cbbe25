"""The report page, in a real browser: what a person sees, hears and can follow, for each task."""

import copy
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine.tests.chromium import Page
from engine.tests.report import projects
from engine.tests.serving.test_pages import faults
from filelock import FileLock

from cairn import config
from cairn.bias.documents import BiasReport, NoBiasReport
from cairn.documents import from_json, to_json
from cairn.evaluation.documents import ChampionComparison, Evaluation, GateReport, MetricDifference, Slices
from cairn.explain.documents import Explanations, NoExplanations
from cairn.report.evidence import read as read_evidence
from cairn.report.page import page as made

TASKS = ["binary", *(pytest.param(each, marks=pytest.mark.slow) for each in ("multiclass", "regression"))]
ALL = "document.querySelectorAll('details').forEach(each => { each.open = true; })"
CHARTS = {
    "binary": {"Score by trial", "What mattered", "Loss by round", "What the learner leaned on", "Calibration", "ROC", "Precision and recall", "Cumulative gain", "Confusion", "Log loss by group", "ROC AUC by group", "What drives it", "Row by row"},
    "multiclass": {"Calibration", "Confusion", "What drives it", "Row by row"},
    "regression": {"Residuals", "What drives it", "Row by row"},
}  # fmt: skip


@pytest.fixture(scope="session")
def project_of(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """Give `project_of(task) -> folder`, which runs the stages once for all workers."""
    alone = not hasattr(request.config, "workerinput")
    place = tmp_path_factory.getbasetemp() if alone else tmp_path_factory.getbasetemp().parent

    def whole(task: str) -> Path:
        shared = place / f"report-{task}"
        with FileLock(f"{shared}.lock"):
            if not (shared / "done").exists():
                shutil.rmtree(shared, ignore_errors=True)
                projects.made(shared, task)
                (shared / "done").touch()
        return shared

    return whole


@pytest.fixture
def evidence_of(project_of, monkeypatch) -> Callable[[str], dict[str, Any]]:
    """Give `evidence_of(task)`: what the page is made of; the working directory is the project's."""

    def read(task: str) -> dict[str, Any]:
        monkeypatch.chdir(project_of(task))
        monkeypatch.setattr("sys.argv", ["report"])
        params = config.load()
        return read_evidence(**{key: params[key] for key in ("data", "split", "evaluation", "card")})

    return read


@pytest.fixture
def at(browser: Page, project_of: Callable[[str], Path]) -> Callable[[str], Path]:
    """Give what opens the page that the stages made for a task."""

    def go(task: str) -> Path:
        file = project_of(task) / "reports/index.html"
        browser.open(file.as_uri())
        return file

    return go


@pytest.fixture
def shown(browser: Page, opened: Callable[[str], Path]) -> Callable[[dict[str, Any]], str]:
    """Give what opens a page of changed evidence, and gives the summary's text."""

    def show(evidence: dict[str, Any]) -> str:
        opened(made(evidence))
        return browser.text("header")

    return show


@pytest.mark.parametrize("task", TASKS)
def test_the_page_stands_alone_and_is_small(browser, at, task):
    file = at(task)
    assert browser.console == []
    assert [each for each in browser.requests if not each.startswith((file.as_uri(), "data:"))] == []
    assert file.stat().st_size < 5_000_000


@pytest.mark.parametrize("task", TASKS)
def test_every_link_leads_somewhere(browser, at, task):
    file = at(task)
    links = browser.run("[...document.querySelectorAll('a')].map(each => each.getAttribute('href'))")
    assert len(links) > 15
    for link in links:
        if link.startswith("#"):
            assert browser.run(f"document.querySelectorAll({json.dumps(link)}).length") == 1, link
        else:
            assert (file.parent / link).is_file(), link


@pytest.mark.parametrize("task", TASKS)
def test_every_chart_of_the_task_is_drawn_inside_its_frame(browser, at, task):
    at(task)
    browser.run(ALL)
    titles = browser.run("[...document.querySelectorAll('figure')].map(each => each.querySelector('strong').innerText)")
    assert CHARTS[task] <= set(titles)
    marks = browser.run("""[...document.querySelectorAll('.drawing')].map(each => {
        const frame = each.getBoundingClientRect(), marks = [...each.querySelectorAll('[data-tip]')];
        const out = marks.filter(mark => { const box = mark.getBoundingClientRect();
            return box.left < frame.left - 4 || box.right > frame.right + 4 || box.top < frame.top - 4 || box.bottom > frame.bottom + 4; });
        return [each.getAttribute('aria-label'), frame.width > 200, marks.length, out.length];
    })""")
    assert len(marks) >= len(CHARTS[task]) - 1
    assert [each for each in marks if not each[1] or not each[2] or each[3]] == []


def test_what_is_pointed_at_says_the_figure_that_the_stage_wrote(browser, at, evidence_of):
    at("binary")
    first = evidence_of("binary")["plots"]["importances"][0]
    script = "const chart = [...document.querySelectorAll('.drawing')].find(each => each.ariaLabel.includes('share of the importance'));"
    place = browser.run(
        f"(() => {{ {script} chart.scrollIntoView({{block: 'center', behavior: 'instant'}}); const box = chart.querySelector('[data-tip]').getBoundingClientRect(); return [box.left + 5, box.top + 5]; }})()"
    )
    browser.run("new Promise(done => setTimeout(done, 100))")  # a page that still scrolls shows nothing
    browser.send("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
    browser.wait("!document.querySelector('#tip').hidden")
    assert browser.text("#tip") == f"{first['feature']}: {100 * first['share']:.1f}\u00a0%"
    browser.send("Input.dispatchMouseEvent", type="mouseMoved", x=2, y=2)
    browser.wait("document.querySelector('#tip').hidden")


def test_by_the_keyboard_each_mark_is_reached_and_spoken(browser, at):
    at("binary")
    browser.run("document.querySelector('.drawing').focus()")
    said = []
    for _ in range(2):
        browser.press("ArrowRight", 39)
        said.append(browser.text("#spoken"))
    browser.press("ArrowLeft", 37)
    assert browser.text("#spoken") == said[0] != said[1]
    assert browser.text("#tip") == said[0]
    browser.press("Escape", 27)
    assert browser.run("document.querySelector('#tip').hidden")
    browser.press("Tab", 9)
    assert browser.run("document.activeElement.tagName") != "BODY"


@pytest.mark.parametrize("task", TASKS)
def test_a_page_fits_a_narrow_window_and_has_no_faults_that_axe_finds(browser, at, task):
    at(task)
    browser.run(ALL)
    browser.look(360, 640)
    assert browser.run("document.documentElement.scrollWidth") <= 360
    for scheme in ("light", "dark"):
        browser.look(1280, 900, scheme)
        assert faults(browser) == []


def test_the_card_beside_the_model_is_a_page_without_faults(browser, project_of, evidence_of):
    folder = project_of("binary") / "models/model"
    assert (folder / "model_card.md").read_text(encoding="utf-8") == evidence_of("binary")["card"]
    browser.open((folder / "model_card.html").as_uri())
    assert browser.text("h1") == "Model card: Hat coupons"
    browser.look(360, 640)
    assert browser.run("document.documentElement.scrollWidth") <= 360
    for scheme in ("light", "dark"):
        browser.look(1280, 900, scheme)
        assert faults(browser) == []


def test_on_paper_all_is_light_open_and_without_navigation(browser, at):
    at("binary")
    browser.look(1280, 900, "dark")
    browser.send("Emulation.setEmulatedMedia", media="print")
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.run("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert browser.run("document.querySelectorAll('details:not([open])').length") == 0
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run("document.querySelectorAll('details[open]').length") == 0


def test_the_figures_of_the_summary_are_those_of_the_reports(browser, at, evidence_of):
    at("binary")
    test = evidence_of("binary")["evaluation"].test
    tiles = browser.run("[...document.querySelectorAll('.tiles .number')].map(each => each.innerText)")
    names = ("profit_per_1000", "roc_auc", "log_loss", "calibration_error")
    assert [float(each.replace(",", "").replace("−", "-")) for each in tiles] == pytest.approx(
        [test[name].value for name in names], rel=1e-3
    )


def test_a_failed_gate_leads_the_page(evidence_of, shown):
    evidence = evidence_of("binary")
    results = [replace(gate, passed=gate.metric != "calibration_error") for gate in evidence["gates"].gates]
    text = shown(evidence | {"gates": replace(evidence["gates"], passed=False, gates=results)})
    assert f"Failed 1 of {len(results)} gates" in text
    assert "It cannot be promoted. Not met: calibration_error is at most 0.03 (" in text


def champion(difference: float, low: float, high: float, worse: bool) -> ChampionComparison:
    figures = {"champion": 0.31, "challenger": 0.31 + difference, "difference": difference, "low": low, "high": high}
    metrics = {"log_loss": MetricDifference(**figures, worse_beyond_chance=worse)}
    return ChampionComparison(version="v1.2.3", commit="0123456789", rows=400, metrics=metrics)


@pytest.mark.parametrize(
    ("compared", "words"),
    [
        (champion(-0.02, -0.03, -0.01, False), "Better, and not by chance"),
        (champion(0.001, -0.01, 0.012, False), "No difference that chance could not make"),
        (champion(0.02, 0.01, 0.03, True), "Worse, and not by chance"),
    ],
)
def test_the_champion_is_compared_with_in_words(evidence_of, shown, browser, compared, words):
    evidence = evidence_of("binary")
    assert "There is none: nothing is promoted yet." in shown(evidence)
    assert words in shown(evidence | {"gates": replace(evidence["gates"], champion=compared)})
    assert "v1.2.3" in browser.text("#gates")
    assert browser.run("document.querySelectorAll('.tiles .strip .champion').length") == 1


def test_what_was_left_out_is_said_and_nothing_else_is_missing(evidence_of, shown, browser):
    evidence = copy.deepcopy(evidence_of("binary"))
    evidence["profile"] = {"profiled": False}
    evidence["bias"] = NoBiasReport(left_out={"all": "the choice report=none leaves it out"})
    evidence["explanations"] = NoExplanations(why="left out by the choice report=none")
    text = shown(evidence)
    assert "What drives it" not in text
    for section in ("#data", "#bias", "#explanations"):
        assert "left out" in browser.text(section) or "leaves it out" in browser.text(section)
    assert "ROC" in browser.text("#evaluation")
    assert faults(browser) == []


def test_what_comes_from_data_is_text_and_never_markup(evidence_of, shown, browser):
    evil = "<img src=x onerror=\"document.title='taken'\"></svg><script>document.title='taken'</script>&amp;"
    evidence = json.loads(json.dumps(to_json(evidence_of("binary"))).replace("hats_365d", json.dumps(evil)[1:-1]))
    typed = {"evaluation": Evaluation, "slices": Slices, "gates": GateReport, "bias": BiasReport}
    for name, kind in {**typed, "explanations": Explanations}.items():
        evidence[name] = from_json(kind, evidence[name], name)
    evidence["said"]["purpose"] = evil
    assert evil in shown(evidence)
    assert browser.run("document.title") == "Hat coupons – model report"
    assert browser.run("document.querySelectorAll('img, main script').length") == 0
    assert evil in browser.text("#features")


@pytest.mark.parametrize("task", TASKS)
def test_the_same_evidence_gives_the_same_bytes(evidence_of, project_of, task):
    assert made(evidence_of(task)) == (project_of(task) / "reports/index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("task", TASKS)
def test_no_figure_is_spelt_as_python_spells_it(browser, at, task):
    at(task)
    browser.run(ALL)
    browser.run("document.querySelector('#search').remove()")  # a rule's sentence names a class as the data do
    text = browser.text("main")
    assert re.findall(r"\b(?:None|nan|True|False|Undefined|\d\.0*[1-9]\d{5,}|\de-\d+)\b", text) == []
