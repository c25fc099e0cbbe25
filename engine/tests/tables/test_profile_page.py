"""The page of a table: the same each time, whole without a network, and safe whatever the table holds."""

import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from cairn.tables.profile_page import steady, write_page

ATTACK = "</script><script>window.broken = true</script><img src=x onerror='window.broken = true'>"


@pytest.fixture
def mixed():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "größe 数量": rng.normal(size=200),
            ATTACK: rng.integers(0, 9, 200),
            "text": [ATTACK, "a", "b", None] * 50,
            "empty": pd.Series([None] * 200, dtype="float64"),
            "day": pd.date_range("2024-01-01", periods=200),
            "infinite": [float("inf"), 1.0] * 100,
        }
    )


def test_the_same_table_gives_the_same_bytes(mixed, tmp_path):
    pairs = [write_page(mixed, tmp_path / f"{name}.html", title="mixed", pictures=True) for name in "ab"]
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert pairs[0] == pairs[1]


def test_only_what_differs_by_chance_is_taken_out_of_a_page():
    page = '<title>skrub report</title><p id="0123abcd">0123abcd</p><p id="feedbeef">x</p><b id="report_89abcdef-x">'
    assert steady(page, "a & b") == (
        '<title>a &amp; b</title><p id="cell_0">0123abcd</p><p id="cell_1">x</p><b id="report_0-x">'
    )


def test_two_columns_that_say_the_same_are_told_first(tmp_path):
    rng = np.random.default_rng(0)
    values = rng.normal(size=500)
    table = pd.DataFrame(
        {"noise": rng.normal(size=500), "x": values, "minus": -values, "city": rng.choice(["a", "b"], 500)}
    )
    first = write_page(table, tmp_path / "page.html", title="t", pictures=True)[0]
    assert (first["columns"], first["cramer_v"], first["pearson"]) == (["x", "minus"], 1.0, -1.0)


@pytest.mark.parametrize(
    "table", [pd.DataFrame({"a": []}), pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [None, None]})]
)
def test_a_table_with_nothing_to_draw_has_a_page(table, tmp_path):
    assert write_page(table, tmp_path / "page.html", title="t", pictures=True) == []
    assert "</html>" in (tmp_path / "page.html").read_text()


def test_a_table_of_500_columns_has_a_page_of_a_few_megabytes(tmp_path):
    table = pd.DataFrame(np.random.default_rng(0).integers(0, 9, (100, 500))).rename(columns=str)
    write_page(table, tmp_path / "page.html", title="wide", pictures=False)
    assert (tmp_path / "page.html").stat().st_size < 5e6


def test_nothing_is_put_into_a_persons_home(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    code = "import pandas as p, pathlib as l; from cairn.tables.profile_page import write_page as w; "
    code += "w(p.DataFrame({'a': [1, 2]}), l.Path('page.html'), title='t', pictures=True)"
    env = {name: value for name, value in os.environ.items() if name != "SKB_DATA_DIRECTORY"} | {"HOME": str(home)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, check=True)
    assert (tmp_path / "page.html").exists()
    assert [each for each in home.iterdir() if not each.name.startswith(".")] == []


def test_a_browser_shows_it_sorts_it_and_asks_nothing_of_the_network(mixed, browser, tmp_path):
    file = tmp_path / "page.html"
    write_page(mixed, file, title=ATTACK, pictures=True)
    browser.open(file.as_uri())
    browser.run("window.root = [...document.querySelectorAll('*')].find(each => each.shadowRoot).shadowRoot; 0")
    browser.wait("root.querySelectorAll('table').length >= 3")
    assert ATTACK in browser.run("root.textContent")
    assert browser.run("window.broken") is None
    assert browser.run("root.querySelectorAll('#column-summaries-panel svg path').length") > 20
    names = "[...root.querySelectorAll('.summary-stats-table tbody tr')].map(each => each.dataset.columnName)"
    assert browser.run(names) == list(mixed)
    browser.run("root.querySelector('[title=\"Sort by column name from A to Z\"]').click()")
    assert browser.run(names) == sorted(mixed)
    assert browser.console == []
    assert [each for each in browser.requests if not re.match("file:|data:", each)] == []
