"""Marks: an answer takes the place of a line's value, and a mark that means nothing is refused."""

import sys
import tomllib

import pytest
import yaml
from tests.template.scaffold.conftest import ROOT

sys.path.append(str(ROOT / "hooks"))

import marks

VALUES = {"name": "Hats & more", "path": "../my table.csv", "kept": None, "none": "", "word": "income", "label": "yes"}


@pytest.mark.parametrize(
    ("line", "filled"),
    [
        ('name = "cairn"  # scaffold:name\n', 'name = "Hats & more"\n'),
        ("  - data: hat_shop  # scaffold:word\n", "  - data: income\n"),
        ("      - engine/src/cairn  # scaffold:word\n", "      - income\n"),
        ("      - run: .ci/run # scaffold:path\n", '      - run: "../my table.csv"\n'),
        ("target: null        # the column  # scaffold:word\n", "target: income      # the column\n"),
        ("target: null  # the column  # scaffold:path\n", 'target: "../my table.csv"  # the column\n'),
        ("target: null  # scaffold:label\n", 'target: "yes"\n'),
        ("target: null    # the column  # scaffold:kept\n", "target: null    # the column\n"),
        ("EXTRAS ?= scaffold # scaffold:none\n", "EXTRAS ?=\n"),
        ('files = "src, engine/src"  # scaffold:word\n', 'files = "income"\n'),
        ("a line like any other\n", "a line like any other\n"),
    ],
)
def test_an_answer_takes_the_place_of_the_value_quoted_where_needed(line, filled):
    assert marks.fill(f"before\n{line}after\n", VALUES) == f"before\n{filled}after\n"


def test_an_answer_is_read_back_from_yaml_and_toml():
    for answer in ('O\'Brien "Che": #1', "1", "null", "a\\b", "Prix (€)", "- x", "{a}", "no", "../ä.csv", "1e5", "~"):
        values = {"key": answer}
        assert yaml.safe_load(marks.fill("k: x  # y  # scaffold:key\n", values)) == {"k": answer}
        assert tomllib.loads(marks.fill('k = "x"  # scaffold:key\n', values)) == {"k": answer}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\nb: c  # scaffold:wrod\n", "scaffold:wrod: no such value: b: c"),
        ("just words # scaffold:word\n", "scaffold:word: no value on this line: just words"),
    ],
)
def test_a_mark_that_means_nothing_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        marks.fill(text, VALUES)
