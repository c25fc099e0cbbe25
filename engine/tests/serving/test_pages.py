"""The pages, in a real browser: what a person types, sees and hears."""

import json
from dataclasses import replace
from importlib import resources

import numpy as np
import pandas as pd
import pytest
from engine.tests.chromium import Page

from cairn.explain import local
from cairn.models import saved

ENTER = ("Enter", 13, "\r")


@pytest.fixture
def page(browser: Page) -> Page:
    return browser


@pytest.fixture
def at(page, server, start, model):
    """Give what opens an address of a server in the browser: `at("/")`; with settings, of one of the test's own."""

    def go(address: str, *settings: str, **environment: str) -> str:
        own = start("--path", model, *settings, **environment) if settings or environment else server
        url = f"http://127.0.0.1:{own.port}"
        page.open(url + address)
        page.wait("document.querySelector('#fields .field, #columns tbody tr')")
        return url

    return go


def fill(page: Page, label: str, text: str) -> None:
    """Write into the field of a label, as a person at the keyboard does."""
    script = f"""[...document.querySelectorAll("label")].find(each => each.innerText === {json.dumps(label)}).control"""
    page.run(f"{script}.focus(); {script}.select?.()")
    page.press("Backspace", 8)
    page.type(text)


def rows_of(page: Page, table: int) -> list[list[str]]:
    """Give the texts of a chart's rows: name and size."""
    script = f"""[...document.querySelectorAll(".chart")][{table}].querySelectorAll("tr")"""
    return page.run(
        f"[...{script}].map(row => [row.querySelector('th').innerText, row.querySelector('.size').innerText])"
    )


def number(shown: str) -> float:
    return float(shown.replace("−", "-").rstrip("%"))


def test_a_filled_form_shows_what_the_model_says_and_what_drove_it(page, at, model):
    url = at("/")
    assert page.text("h1") == "Predict bought"
    fill(page, "age", "71.5")
    page.run("document.querySelector('select').value = 'Rome'")
    page.press("Tab", 9)
    page.run("document.querySelector('input').focus()")
    page.press(*ENTER)
    page.wait("document.querySelector('#answer')")
    loaded, row = saved.load(model), pd.DataFrame({"age": [71.5], "city": ["Rome"]})
    probability = loaded.predict_proba(row)[0]
    assert page.text("#answer") == str(loaded.predict(row)[0]).lower() == "true"
    assert page.text("#status") == f"bought: true, with a probability of {probability[1]:.1%}"
    told = {name: number(size) for name, size in rows_of(page, 0)}
    assert told == pytest.approx({"false": 100 * probability[0], "true": 100 * probability[1]}, abs=0.051)

    known = local.explain(loaded.estimator, loaded.signature, loaded.signature.frame(row))
    driven = [(name, number(size)) for name, size in rows_of(page, 1)]
    assert [name for name, _ in driven] == ["age = 71.5", "city = Rome"]  # the larger first
    assert [size for _, size in driven] == pytest.approx(known.values[0].tolist(), abs=0.006)
    assert known.total[0] == pytest.approx(np.log(probability[1] / probability[0]))
    assert f"lead to {probability[1]:.1%}" in page.text("#result")

    assert page.console == []
    assert [each for each in page.requests if not each.startswith((url, "data:"))] == []


def test_after_an_answer_a_change_is_answered_at_once_and_typical_values_come_back(page, at, model):
    at("/")
    typical = page.run("document.querySelector('input').value")
    page.run("document.querySelector('#form').requestSubmit()")
    page.wait("document.querySelector('#answer')")
    before = page.text("#status")
    fill(page, "age", "20")
    page.press("Tab", 9)
    page.wait(f"document.querySelector('#status').textContent !== {json.dumps(before)}")
    page.run("document.querySelector('[type=reset]').click()")
    page.wait(f"document.querySelector('#status').textContent === {json.dumps(before)}")
    assert page.run("document.querySelector('input').value") == typical
    assert float(typical) == pytest.approx(saved.load(model).signature.columns[0].median, rel=1e-3)


def test_what_is_left_empty_is_missing(page, at, model):
    at("/")
    fill(page, "age", "")
    page.run("document.querySelector('select').value = ''")
    page.run("document.querySelector('#form').requestSubmit()")
    page.wait("document.querySelector('#answer')")
    said = saved.load(model).predict_proba(pd.DataFrame({"age": [np.nan], "city": [None]}))[0].max()
    assert f"{said:.1%}" in page.text("#status")
    assert {name for name, _ in rows_of(page, 1)} == {"age = missing", "city = missing"}


def test_what_is_wrong_stands_beside_its_field_which_gets_the_focus(page, at):
    at("/")
    fill(page, "age", "old")
    page.press(*ENTER)
    page.wait("document.querySelector('[aria-invalid=true]')")
    wrong = "document.querySelector('[aria-invalid=true]')"
    assert page.run(f"{wrong}.name") == page.run("document.activeElement.name") == "age"
    described = page.run(
        f"{wrong}.getAttribute('aria-describedby').split(' ').map(id => document.getElementById(id).innerText)"
    )
    assert described[-1] == "a number is wanted; got 'old'"
    assert page.text("[role=alert]") == "One value needs another look."
    fill(page, "age", "40")
    page.press(*ENTER)
    page.wait("document.querySelector('#answer')")
    assert page.run("document.querySelectorAll('[aria-invalid=true]').length") == 0
    assert page.text("[role=alert]") == ""
    assert [each for each in page.console if "422" not in each] == []  # a browser notes every refusal by itself


@pytest.mark.slow
def test_a_missing_value_that_is_refused_is_told_beside_its_field(page, at):
    at("/", "-S", "missing_values=refuse")
    page.run("document.querySelector('select').value = ''; document.querySelector('#form').requestSubmit()")
    page.wait("document.querySelector('[aria-invalid=true]')")
    assert page.text("#field-1-error") == "null, and no value was missing in training; give one"


@pytest.mark.slow
def test_an_older_model_that_cannot_be_explained_predicts_and_says_why(page, start, model, tmp_path):
    known = saved.load(model)
    columns = [replace(column, background=None) for column in known.signature.columns]
    saved.save(tmp_path / "old", known.estimator, replace(known.signature, columns=columns), {})
    page.open(f"http://127.0.0.1:{start('--path', tmp_path / 'old').port}/")
    page.wait("document.querySelector('#fields .field')")
    page.run("document.querySelector('#form').requestSubmit()")
    page.wait("document.querySelector('#answer')")
    assert "No explanation: the model keeps no background to explain by" in page.text("#result")


@pytest.mark.slow
def test_a_key_is_asked_for_where_the_server_wants_one(page, at):
    at("/", LIT_SERVER_API_KEY="secret")
    assert page.run("document.querySelector('#key').hidden")
    page.run("document.querySelector('#form').requestSubmit()")
    page.wait("document.activeElement.id === 'key-field'")
    assert page.text("#key-field-error") == "The server wants a key."
    page.type("wrong")
    page.press(*ENTER)
    page.wait("document.querySelector('#key-field-error').innerText.startsWith('This key is not')")
    fill(page, "API key", "secret")
    page.press(*ENTER)
    page.wait("document.querySelector('#answer')")
    assert page.text("#key-field-error") == ""


def test_no_page_may_run_what_is_not_its_own_nor_ask_another_server(page, at):
    at("/")
    assert page.run("fetch('http://127.0.0.1:9/').then(() => 'asked', () => 'refused')") == "refused"
    assert any("Content Security Policy" in each for each in page.console)
    page.run(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.planted = 1'}))"
    )
    assert page.run("window.planted") is None


@pytest.mark.parametrize("address", ["/", "/docs"])
def test_a_page_fits_a_narrow_window_and_has_no_faults_that_axe_finds(page, at, address):
    at(address)
    page.run("document.querySelector('#form')?.requestSubmit()")
    page.wait("document.querySelector('#answer')")
    page.look(360, 640)
    assert page.run("document.documentElement.scrollWidth") <= 360
    assert page.run("[...document.querySelectorAll('input, select')].every(each => each.labels.length === 1)")
    for scheme in ("light", "dark"):
        page.look(1280, 900, scheme)
        assert faults(page) == []


def faults(page: Page) -> list[str]:
    """Ask axe-core."""
    script = resources.files("axe_playwright_python") / "axe.min.js"
    page.run(script.read_text(encoding="utf-8") + "; true")
    found = page.run(
        "axe.run().then(told => told.violations.map(each => [each.id, each.nodes.map(node => node.html)]))"
    )
    return [f"{name}: {nodes}" for name, nodes in found]


def test_the_example_of_the_docs_is_answered(page, at):
    url = at("/docs")
    example = page.text("#request")
    assert example.startswith(f"curl {url}/predict")
    body = example.partition("-d '")[2].removesuffix("'")
    assert [*json.loads(body)["instances"][0]] == ["age", "city"]
    script = f"fetch('predict', {{method: 'POST', headers: {{'Content-Type': 'application/json'}}, body: {json.dumps(body)}}})"
    told = page.run(f"{script}.then(answer => answer.json())")
    assert told["explanations"][0]["contributions"].keys() == {"age", "city"}
    assert "from 18" in page.text("#columns")
    assert "POST /invocations" in page.text("#paths")
    assert page.console == []
