"""The page of monitoring, in a real browser: what a person sees, hears and can follow."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine.tests.report.observations import drifting, finding, large, ordinary, record, report
from engine.tests.serving.test_pages import faults

from cairn.report.monitoring_page import monitoring_page

ALL = "document.querySelectorAll('details').forEach(each => { each.open = true; })"
STATUSES = "[...document.querySelectorAll('#findings tbody tr')].filter(row => !row.hidden).map(row => row.cells[{at}].innerText)"
EVIL = "<img src=x onerror=\"document.title='taken'\"></svg><script>document.title='taken'</script>&amp;"


@pytest.fixture
def shown(opened: Callable[[str], Path]) -> Callable[[dict[str, Any]], Path]:
    """Give what opens the page of a record."""
    return lambda monitoring: opened(monitoring_page(report(monitoring)))


@pytest.mark.parametrize("made", [ordinary, large])
def test_the_page_stands_alone_and_is_small(browser, shown, made):
    file = shown(made())
    assert [each for each in browser.requests if not each.startswith((file.as_uri(), "data:"))] == []
    assert file.stat().st_size < 5_000_000


def test_the_verdict_says_since_when_for_which_model_and_on_how_many_rows(browser, shown):
    shown(ordinary())
    assert browser.text(".verdict").splitlines()[0] == "Alarm since 4 Mar 2026 UTC"
    assert "Model v0.0.3 (prod), from 1 Mar 2026 to 7 Mar 2026, 6,000 predictions: 1 alarm and 1 warning." in browser.text(".verdict")  # fmt: skip


def test_what_is_wrong_stands_worst_first_with_its_figures_and_what_to_do(browser, shown):
    shown(ordinary())
    told = browser.run("[...document.querySelectorAll('.wrong > li')].map(each => each.innerText)")
    assert [each.splitlines()[0].split("\u00a0")[0].split(" 5 ")[0] for each in told] == [
        "Drift of the features",
        "Quality of the inputs",
    ]
    assert "age is distributed otherwise than before" in told[0]
    assert (
        "Jensen-Shannon distance 0.3, 0 expected, a change of 0.3, alarm from 0.2, since 4 Mar, 1,000 rows" in told[0]
    )
    assert "income is missing in 16.0\u00a0% of the rows" in told[1]
    assert all("Next" in each for each in told)


def test_where_nothing_is_wrong_the_page_says_that_it_works(browser, shown):
    shown(record([drifting(at, 0.01) for at in range(4)], windows=4))
    assert "It works" in browser.text(".verdict")
    assert "nothing reached its limit" in browser.text(".verdict")
    assert browser.run("document.querySelectorAll('.wrong').length") == 0


def test_of_many_faults_of_one_kind_the_summary_counts_the_rest(browser, shown):
    monitoring = large()
    bad = [each for each in monitoring["findings"] if each["window"] == 98 and each["status"] in ("warning", "alarm")]
    shown(monitoring)
    assert f"And {len(bad) - 4} more" in browser.text(".wrong")


def test_the_windows_are_told_by_shapes_and_not_by_colour_alone(browser, shown):
    shown(ordinary())
    ways = "[...document.querySelectorAll('.overview path')].filter(each => !each.dataset.tip)"
    crosses = browser.run(f"{ways}.filter(each => each.getAttribute('stroke') === 'var(--bad)').map(each => each.getAttribute('d'))")  # fmt: skip
    triangles = browser.run(f"{ways}.filter(each => each.getAttribute('stroke') === 'var(--fair)').map(each => each.getAttribute('d'))")  # fmt: skip
    assert (len(crosses), len(triangles)) == (3, 3)
    assert set(crosses).isdisjoint(triangles)
    tips = browser.run("[...document.querySelectorAll('.overview [data-tip]')].map(each => each.dataset.tip)")
    assert len(tips) == 9 * 6
    assert "Drift of the features, 5 Mar: alarm" in tips
    assert "Drift of the features, 6 Mar: alarm, so far" in tips


@pytest.mark.parametrize("made", [ordinary, large])
def test_every_chart_is_drawn_inside_its_frame(browser, shown, made):
    shown(made())
    browser.run(ALL)
    marks = browser.run("""[...document.querySelectorAll('.drawing')].map(each => {
        const frame = each.getBoundingClientRect(), marks = [...each.querySelectorAll('[data-tip]')];
        const out = marks.filter(mark => { const box = mark.getBoundingClientRect();
            return box.left < frame.left - 4 || box.right > frame.right + 4 || box.top < frame.top - 4 || box.bottom > frame.bottom + 4; });
        return [each.getAttribute('aria-label'), frame.width > 200, marks.length, out.length];
    })""")
    assert len(marks) > 8
    assert [each for each in marks if not each[1] or not each[2] or each[3]] == []


def test_by_the_keyboard_each_window_is_reached_and_spoken(browser, shown):
    shown(ordinary())
    browser.run("document.querySelector('#drift .drawing').focus()")
    browser.press("ArrowRight", 39)
    assert browser.text("#spoken").startswith("1 Mar: age: Jensen-Shannon distance 0.01, reference 0")
    browser.press("ArrowLeft", 37)
    assert browser.text("#spoken").endswith("alarm")
    assert browser.text("#tip") == browser.text("#spoken")


def test_a_table_is_sorted_and_filtered_by_the_keyboard(browser, shown):
    shown(ordinary())
    assert browser.run(STATUSES.format(at=0))[:3] == ["alarm"] * 3
    browser.run("document.querySelectorAll('#findings th button')[5].focus()")  # value
    for order in ("ascending", "descending"):
        browser.press("Enter", 13, "\r")
        assert browser.run("document.querySelector('#findings th[aria-sort]').ariaSort") == order
        values = browser.run("[...document.querySelectorAll('#findings tbody tr')].map(row => row.cells[5].dataset.value)")  # fmt: skip
        figures = [float(each) for each in values if each]
        assert figures == sorted(figures, reverse=order == "descending")
        assert "" not in values[: len(figures)]
    browser.run("document.querySelector('#findings input').focus()")
    browser.type("age drift")
    assert set(browser.run(STATUSES.format(at=3))) == {"age"}
    assert browser.text("#spoken") == "3 rows"


@pytest.mark.parametrize("made", [ordinary, large])
def test_a_page_fits_a_narrow_window(browser, shown, made):
    shown(made())
    browser.run(ALL)
    browser.look(360, 640)
    assert browser.run("document.documentElement.scrollWidth") <= 360


def test_a_page_has_no_faults_that_axe_finds(browser, shown):
    shown(ordinary())
    browser.run(ALL)
    for scheme in ("light", "dark"):
        browser.look(1280, 900, scheme)
        assert faults(browser) == []


def test_on_paper_all_is_light_open_and_whole(browser, shown):
    shown(ordinary())
    browser.look(1280, 900, "dark")
    browser.send("Emulation.setEmulatedMedia", media="print")
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.run("document.querySelectorAll('details:not([open])').length") == 0
    cut = "[...document.querySelectorAll('.tall')].filter(each => each.scrollHeight > each.clientHeight + 1).length"
    assert browser.run(cut) == 0


def test_what_comes_from_data_is_text_and_never_markup(browser, shown):
    monitoring = json.loads(json.dumps(ordinary()).replace('"age"', json.dumps(EVIL)))
    monitoring["troubles"] = [EVIL]
    monitoring["findings"][3]["note"] = EVIL
    monitoring["distributions"][EVIL] |= {"kind": "category", "levels": [EVIL, "\"]+'"], "edges": None}
    shown(monitoring)
    assert browser.run("document.title") == "Prediction of bought – monitoring"
    assert browser.run("document.querySelectorAll('img, main script').length") == 0
    for part in (".wrong", ".troubles", "#drift", "#findings"):
        assert EVIL in browser.text(part)


def test_an_area_without_figures_says_why(browser, shown):
    late = [finding(at, "performance", "", "roc_auc", None, status="unknown", note="no labels yet") for at in range(3)]  # fmt: skip
    shown(record(late, windows=3))
    assert "No window could be judged: no labels yet." in browser.text("#performance")
    assert "Nothing was measured here." in browser.text("#bias")
    assert "It cannot be said" in browser.text(".verdict")


def test_without_any_recorded_prediction_there_is_a_page_that_says_so(browser, shown):
    shown(record([], windows=0, troubles=["no row in the time that was asked for"]))
    assert "no predictions were recorded" in browser.text(".verdict")
    assert "No predictions were recorded" in browser.text("#windows")
    assert browser.text(".troubles") == "no row in the time that was asked for"
    assert faults(browser) == []


@pytest.mark.parametrize("windows", [1, 2])
def test_one_window_is_enough_for_a_page(browser, shown, windows):
    monitoring = ordinary()
    shown(record([each for each in monitoring["findings"] if each["window"] < windows], windows=windows))
    assert browser.run("document.querySelectorAll('.drawing').length") > 5


def test_the_command_that_looks_again_is_told(browser, shown):
    asked = {"since": "2026-03-01T00:00:00Z", "until": None, "window": "6h", "captured": ["c"], "labels": "labels.parquet"}  # fmt: skip
    shown(ordinary() | {"asked": asked})
    command = browser.text("#made pre").replace("\\\n", "").split()
    assert command == ["cairn", "monitor", "--stage", "prod", "--since", "2026-03-01T00:00:00Z", "--window", "6h", "--labels", "labels.parquet"]  # fmt: skip


def test_the_same_record_gives_the_same_bytes():
    assert monitoring_page(report(ordinary())) == monitoring_page(report(ordinary()))


def test_no_figure_is_spelt_as_python_spells_it(browser, shown):
    shown(ordinary())
    browser.run(ALL)
    text = browser.text("main")
    assert re.findall(r"\b(?:None|nan|True|False|Undefined|\d\.0*[1-9]\d{5,}|\de-\d+)\b", text) == []
