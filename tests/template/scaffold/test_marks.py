"""Marks: which lines stay, what is put in the place of a value, and what is refused."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[3] / "hooks"))

import marks

PARTS = {"boosters": True, "dashboard": False}
VALUES = {"name": "Hats & more", "path": "../my table.csv", "kept": None, "none": "", "word": "income", "label": "yes"}


def applied(text: str) -> str:
    return marks.applied(text, PARTS, VALUES)


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("import a  # scaffold:boosters\n", "import a\n"),
        ("import a  # scaffold:dashboard\n", ""),
        ("| a | b | <!-- scaffold:boosters -->\n", "| a | b |\n"),
        ("| a | b | <!-- scaffold:dashboard -->\n", ""),
        ("import a  # scaffold:boosters", "import a"),
        ("import a  # scaffold:boosters\r\n", "import a\r\n"),
        ("x = 1  # why  # scaffold:boosters\n", "x = 1  # why\n"),
        ("a line like any other\n", "a line like any other\n"),
    ],
)
def test_a_line_of_a_part_stays_where_the_part_was_asked_for(line, made):
    assert applied(line) == made


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ('name = "cairn"  # scaffold:name\n', 'name = "Hats & more"\n'),
        ("  - data: hat_shop  # scaffold:word\n", "  - data: income\n"),
        ("target: null        # the column  # scaffold:word\n", "target: income      # the column\n"),
        ("target: null  # the column  # scaffold:path\n", 'target: "../my table.csv"  # the column\n'),
        ("target: null  # scaffold:label\n", 'target: "yes"\n'),
        ("target: null    # the column  # scaffold:kept\n", "target: null    # the column\n"),
        ("EXTRAS ?= scaffold # scaffold:none\n", "EXTRAS ?=\n"),
        ('extras="a b"  # scaffold:none\n', 'extras=""\n'),
    ],
)
def test_an_answer_takes_the_place_of_the_value_quoted_where_that_is_needed(line, made):
    assert applied(line) == made


def test_what_is_written_means_the_answer_in_yaml_and_toml():
    import tomllib

    import yaml

    for answer in ('O\'Brien "Che": #1', "1", "null", "a\\b", "Prix (€)", "- x", "{a}", "no", "../ä.csv", "1e5", "~"):
        values = {"key": answer}
        assert yaml.safe_load(marks.applied("k: x  # y  # scaffold:key\n", {}, values)) == {"k": answer}
        assert tomllib.loads(marks.applied('k = "x"  # scaffold:key\n', {}, values)) == {"k": answer}


BLOCK = "one\n# scaffold:{part}\ntwo\nthree  # scaffold:boosters\n# /scaffold:{part}\nfour\n"


def test_a_block_stays_or_goes_as_a_whole_and_its_marks_always_go():
    assert applied(BLOCK.format(part="boosters")) == "one\ntwo\nthree\nfour\n"
    assert applied(BLOCK.format(part="dashboard")) == "one\nfour\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\nb  # scaffold:bosters\n", "line 2: nothing is called scaffold:bosters"),
        ("# scaffold:boosters\na\n", "scaffold:boosters opens a block that nothing closes"),
        ("a\n# /scaffold:boosters\n", "line 2: scaffold:boosters opens or closes a block where it cannot"),
        ("# scaffold:boosters\n# /scaffold:dashboard\n", "line 2: scaffold:dashboard opens or closes a block"),
        ("# scaffold:boosters\n# scaffold:boosters\n", "line 2: scaffold:boosters opens or closes a block"),
        ("# scaffold:boosters\n# scaffold:dashboard\n", "line 2: scaffold:dashboard opens or closes a block"),
    ],
)
def test_a_mark_that_means_nothing_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        applied(text)
