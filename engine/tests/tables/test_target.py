"""What a target column is taken for, and when it is refused."""

import duckdb
import pytest

from cairn.errors import InputError
from cairn.tables.source import Source
from cairn.tables.target import describe_target


class AnySource(Source):
    def ingest(self, raw, truth):
        raise NotImplementedError


def described(column: str, n_rows: int = 100, **roles):
    rows = duckdb.connect().sql(f"SELECT {column} AS y FROM range({n_rows})")
    return describe_target(rows, AnySource(target="y", **roles))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("range % 2", ("binary", [0, 1])),
        ("range % 2 = 0", ("binary", [False, True])),
        ("if(range % 3 = 0, 'yes', 'no')", ("binary", ["no", "yes"])),
        ("range % 5", ("multiclass", [0, 1, 2, 3, 4])),
        ("['a', 'c', 'b'][range % 3 + 1]", ("multiclass", ["a", "b", "c"])),
        ("range * 0.5", ("regression", None)),
        ("range", ("regression", None)),
        ("DATE '2025-01-01' + (range % 2)::INT", ("binary", ["2025-01-01", "2025-01-02"])),
    ],
)
def test_the_task_follows_from_the_values(column, expected):
    assert described(column) == expected


def test_the_positive_class_stands_last():
    assert described("if(range % 3 = 0, 'yes', 'no')", positive="no") == ("binary", ["yes", "no"])


def test_a_positive_class_is_compared_as_text_because_yaml_and_csv_disagree_about_types():
    assert described("range % 2", positive="0") == ("binary", [1, 0])


def test_yes_and_no_name_the_classes_that_were_read_as_true_and_false():
    assert described("range % 2 = 0", positive="no") == ("binary", [True, False])


def test_the_task_can_be_said():
    assert described("range % 5", task="regression") == ("regression", None)


@pytest.mark.parametrize(
    ("column", "roles", "line"),
    [
        ("1", {}, "data.target: 'y' is constant (1): there is nothing to learn"),
        ("if(range < 7, NULL, range % 2)", {}, "data.target: 7 rows have no value in 'y'; leave those rows out"),
        ("if(range = 0, 'once', ['a', 'b'][range % 2 + 1])", {}, "data.target: class 'once' of 'y' has one row;"),
        ("range::VARCHAR", {}, "data.target: 'y' has more than 100 different values"),
        ("range % 3", {"task": "binary"}, "data.task: binary wants 2 classes, and 'y' has 3"),
        ("'a' || range % 2", {"task": "regression"}, "data.task: a regression wants numbers, and 'y' holds VARCHAR"),
        ("if(range = 5, 'inf'::DOUBLE, range)", {}, "data.target: 1 rows of 'y' are infinite"),
        ("range % 2", {"positive": 3}, "data.positive: no class 3 in 'y' (known: 0, 1)"),
    ],
)
def test_a_target_that_cannot_be_learned_is_refused_in_one_line(column, roles, line):
    with pytest.raises(InputError) as refused:
        described(column, 101, **roles)
    assert str(refused.value).startswith(line)
