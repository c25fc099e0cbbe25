"""Drawings: thinned, labelled, and safe."""

import re
import xml.etree.ElementTree as ElementTree

from cairn.report import charts
from cairn.report.drawing import draw, thin


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
