"""Derive expectations from a table, with room around what was seen, where nobody has written any."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cairn.tables.duck import connect, literal
from cairn.validation.expectations import Kind, Rule, cast, kinds_of, make_rule, suites

__all__ = ["as_yaml", "derive"]

MOST_CATEGORIES = 30  # a text column with more different values is free text
LONGEST_CATEGORY = 80  # characters
SLACK = 0.1  # share of a column's span by which derived bounds are wider than what was seen
YEARS_AHEAD = 2  # derived bounds of times end on 1 January, this many years after the last one seen


def derive(path: Path, *, required: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Write a suite that a table keeps, with room around what was seen, in one pass over its rows.

    Types, shares of missing values, ranges of numbers and times, and the categories of text with few of them. Bounds
    are round numbers, a tenth of the span wider than the data; a dense integer key and times have room to grow.

    Parameters
    ----------
    path : a Parquet file
    required : columns that must never be missing, such as the target; those that the table lacks are passed over
    """
    with connect() as connection:
        kinds = kinds_of(connection, path)
        wanted = ", ".join(part for name, kind in kinds.items() for part in _statistics(name, kind))
        (rows, *values), *_ = connection.execute(
            f"SELECT count(*), {wanted} FROM read_parquet({literal(path)})"
        ).fetchall()
    rules = [make_rule("expect_table_row_count_to_be_between", min_value=1)]
    for number, (name, kind) in enumerate(kinds.items()):
        present, low, high, extra = values[4 * number : 4 * number + 4]
        rules += _type_rules(name, kind)
        if name in required:
            rules.append(make_rule("expect_column_values_to_not_be_null", column=name))
        elif rows and (mostly := (20 * present // rows - 1) / 20) > 0:  # a twentieth less, in twentieths
            rules.append(make_rule("expect_column_values_to_not_be_null", column=name, mostly=mostly))
        rules += _value_rules(name, kind, present, low, high, extra)
    return rules


def as_yaml(tables: Mapping[str, Sequence[Rule]]) -> str:
    """Spell suites as a file of conf/expectations/ that a person can adopt and edit."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        # Hydra reads 1e5 as a number where PyYAML reads text, so what does not begin with a letter is quoted.
        return dumper.represent_scalar(
            "tag:yaml.org,2002:str", value, style=None if re.match("[A-Za-z_]", value) else '"'
        )

    Dumper.add_representer(str, text)
    node = {
        "_target_": f"{suites.__module__}.{suites.__name__}",
        "tables": {name: list(map(dict, tables[name])) for name in tables},
    }
    head = "# Derived from the raw tables. To adopt it, copy it to conf/expectations/<name>.yaml and edit it there.\n"
    return head + yaml.dump(
        node, Dumper=Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120
    )


def _statistics(name: str, kind: Kind) -> list[str]:
    """Spell four aggregates of a column: how many values, the lowest, the highest, and what else its kind needs."""
    column = cast(name, kind)
    if kind == "integer":
        return [f"count({column})", f"min({column})", f"max({column})", f"approx_count_distinct({column})"]
    if kind == "number":
        numbers = f"({column}) FILTER (NOT isnan({column}))"
        return [f"count{numbers}", f"min{numbers}", f"max{numbers}", "NULL"]
    if kind == "time":
        return [f"count({column})", f"year(min({column}))", f"year(max({column}))", "NULL"]
    # Below its capacity this sketch is exact, and it stays small where a column is free text.
    top = f"approx_top_k({column}, {MOST_CATEGORIES + 1})" if kind == "text" else "NULL"
    return [f"count({column})", "NULL", "NULL", top]


def _type_rules(name: str, kind: Kind) -> list[dict[str, Any]]:
    if kind == "text":
        return [make_rule("expect_column_values_to_be_of_type", column=name, type_="str")]
    if kind == "boolean":
        return [make_rule("expect_column_values_to_be_in_set", column=name, value_set=[False, True])]
    types = ["datetime64[ns]", "datetime64[us]"] if kind == "time" else ["int64", "float64"]
    return [make_rule("expect_column_values_to_be_in_type_list", column=name, type_list=types)]


def _value_rules(name: str, kind: Kind, present: int, low: Any, high: Any, extra: Any) -> list[dict[str, Any]]:
    if kind == "text":
        values = sorted(extra or [])
        plain = all(len(each) <= LONGEST_CATEGORY and "${" not in each and each != "???" for each in values)
        if 0 < len(values) <= MOST_CATEGORIES and 2 * len(values) <= present and plain:  # ${ and ??? are Hydra's own
            return [make_rule("expect_column_values_to_be_in_set", column=name, value_set=values, mostly=0.99)]
        return []
    if low is None or high is None:
        return []
    lower: Any
    upper: Any
    if kind == "time":
        lower, upper = (
            f"{year:04d}-01-01T00:00:00" if 0 < year < 10000 else None for year in (low, high + YEARS_AHEAD)
        )
    else:
        lower, upper = _round_bounds(low, high)
        if kind == "integer" and high - low + 1 == present >= 100 and extra > 0.9 * present:
            upper = None  # a key that counts its rows grows with the table
    bounds = {key: bound for key, bound in (("min_value", lower), ("max_value", upper)) if bound is not None}
    return [make_rule("expect_column_values_to_be_between", column=name, **bounds)] if bounds else []


def _round_bounds(low: float, high: float) -> tuple[float | None, float | None]:
    """Widen a range by a tenth of its span, outward to a round number; what has one sign keeps it."""
    if max(abs(low), abs(high)) > 1e300:  # infinite, or too near to it to leave room
        return (low if math.isfinite(low) else None), (high if math.isfinite(high) else None)
    span = max((high - low) or abs(high) or 1, 1e-300)
    if (low, high) == (0, 1):  # a flag, a share, or a scaled column
        return low, high
    exponent = math.floor(math.log10(span / 2))
    if isinstance(low, int):
        exponent = max(exponent, 0)
    unit = 10.0**exponent
    lower, upper = math.floor((low - SLACK * span) / unit), math.ceil((high + SLACK * span) / unit)
    if low >= 0:
        lower = max(lower, 0)
    if high <= 0:
        upper = min(upper, 0)
    return min(_scaled(lower, exponent), low), max(_scaled(upper, exponent), high)


def _scaled(count: int, exponent: int) -> float:
    """Give count x 10^exponent as it is written: 3 and -1 give 0.3, not 0.30000000000000004."""
    value = float(f"{count}e{exponent}")
    return int(value) if value.is_integer() and abs(value) < 1e15 else value
