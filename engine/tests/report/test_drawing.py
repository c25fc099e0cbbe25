"""Drawings: thinned, labelled, and safe."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib
import pytest
from fontTools.ttLib import TTFont

from cairn.report import charts
from cairn.report.drawing import FONTS, draw, thin

# Letters that a machine may or may not have a font for, and a day, whose label could depend on the time zone.
TEXTS = ["income", "größe −0.5", "кириллица", "عربى", "顧客", "🎩 ✓", "חנות"]
DRAW = f"""
from cairn.explain.documents import PartialDependence
from cairn.report import charts, drawing, explanation_charts
for text in {TEXTS!r}:
    print(drawing.draw(charts.bars([{{"label": text, "size": 1, "tip": text}}], "size", text), text))
days = ["2024-01-01", "2024-03-01", "2024-07-01"]
curves = {{name: [[0.1, 0.2, 0.4]] for name in ("mean", "low", "high")}}
day = PartialDependence(feature="day", kind="time", grid=days, share=[0.2, 0.3, 0.5], **curves)
print(drawing.draw(explanation_charts.dependence(day, ["yes"], {{}}), "day"))
"""


def test_a_long_curve_is_thinned_evenly_and_keeps_its_ends():
    rows = list(range(1001))
    some = thin(rows, 101)
    assert some == list(range(0, 1001, 10))
    assert thin(rows[:50], 101) == rows[:50]


def test_each_mark_says_its_tip_once_and_the_whole_says_its_label():
    rows = [{"label": "a", "size": 3, "tip": "a is 3"}, {"label": "b", "size": -1, "tip": "b is −1"}]
    svg = draw(charts.bars(rows, "size", "size"), "Sizes & more")
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img" and root.get("aria-label") == "Sizes & more"
    assert re.findall(r'data-tip="([^"]*)"', svg) == ["a is 3", "b is −1"]
    assert svg.count("aria-label") == 1


def test_what_comes_from_data_is_escaped_and_colours_are_the_pages_own():
    evil = "\"/><script>alert(1)</script><a href='javascript:1'>"
    svg = draw(charts.bars([{"label": evil, "size": 1, "tip": evil}], "size", evil), evil)
    root = ElementTree.fromstring(svg)
    assert {each.tag.rpartition("}")[2] for each in root.iter()} <= {"svg", "g", "path", "line", "text", "title"}
    fills = {each.get("fill") for each in root.iter() if each.get("fill")} - {"none"}
    assert fills and all(fill.startswith("var(--") for fill in fills)


def test_two_drawings_of_the_same_rows_are_the_same_bytes():
    rows = [{"label": str(n), "x": n / 7, "low": n / 8, "high": n / 6, "tip": str(n)} for n in range(5)]
    assert draw(charts.ranges(rows, charts.axis("x")), "x") == draw(charts.ranges(rows, charts.axis("x")), "x")


@pytest.fixture(scope="module")
def drawn_here():
    return drawn({})


@pytest.mark.parametrize("fonts", ["none", "DejaVu"])
def test_installed_fonts_do_not_change_a_drawing(tmp_path, drawn_here, fonts):
    folder = tmp_path if fonts == "none" else Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    configuration = tmp_path / "fonts.conf"
    configuration.write_text(f'<?xml version="1.0"?><fontconfig><dir>{folder}</dir></fontconfig>')
    assert drawn({"FONTCONFIG_FILE": str(configuration)}) == drawn_here


@pytest.mark.parametrize(
    "environment",
    [{"HOME": None}, {"HOME": "/nowhere"}, {"LC_ALL": "C", "LANG": "C"}, {"TZ": "America/New_York"}],
    ids=str,
)
def test_home_locale_and_time_zone_do_not_change_a_drawing(drawn_here, environment):
    assert drawn(environment) == drawn_here


def test_the_font_has_a_glyph_for_every_character():
    font = TTFont(FONTS / "CairnSans-Regular.ttf")
    missing = set(range(0x20, 0x110000)) - set(range(0xD800, 0xE000)) - font.getBestCmap().keys()
    assert not missing
    assert font["name"].getDebugName(1) == "Cairn Sans"


def test_control_characters_are_drawn_as_replacement_characters():
    svg = draw(charts.bars([{"label": "a\x18b", "size": 1, "tip": "a\x18b"}], "size", "size"), "Sizes")
    assert "a\ufffdb" in svg and "\x18" not in svg


def drawn(environment):
    """The drawings as another process makes them; None takes a variable away."""
    variables = {name: value for name, value in (os.environ | environment).items() if value is not None}
    code = "import sys; sys.stdout.reconfigure(encoding='utf-8');" + DRAW
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=False, check=True)
    return done.stdout
