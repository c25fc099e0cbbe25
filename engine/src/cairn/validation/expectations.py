"""What is expected of the raw tables: rules as Great Expectations spells them, kept in conf/expectations."""

import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cairn.errors import InputError, did_you_mean
from cairn.tables.duck import literal, quoted

if TYPE_CHECKING:
    import duckdb

__all__ = ["suites"]

Rule = Mapping[str, Any]  # {"type": "expect_...", "kwargs": {...}}, as Great Expectations spells it
Kind = Literal["integer", "number", "boolean", "time", "text"]
PLACES = ("column", "column_A", "column_B", "column_list")  # arguments that name columns


def suites(tables: Mapping[str, Sequence[Rule]]) -> dict[str, list[dict[str, Any]]]:
    """Check the shape of the rules and the names of the expectations, without importing Great Expectations.

    Parameters
    ----------
    tables : the rules of each raw table; empty: derive them from the tables

    Raises
    ------
    InputError : a rule that is no `{type, kwargs}`, or names no expectation
    """
    package = find_spec("great_expectations")
    folder = Path(str(package.origin if package else "")).parent / "expectations" / "core"
    known = sorted(path.stem for path in folder.glob("*expect*.py"))
    for table, rules in tables.items():
        for number, rule in enumerate(rules, start=1):
            where = f"expectations.tables.{table}: rule {number}"
            shaped = isinstance(rule, Mapping) and set(rule) == {"type", "kwargs"}
            if not shaped or not isinstance(rule["kwargs"], Mapping):
                raise InputError(f"{where}: write it as {{type: expect_..., kwargs: {{column: ..., ...}}}}")
            if rule["type"] not in known:
                raise InputError(f"{where}: no expectation {rule['type']!r} {did_you_mean(rule['type'], known)}")
    return {table: [dict(rule) for rule in rules] for table, rules in tables.items()}


def make_rule(type_: str, /, **kwargs: Any) -> dict[str, Any]:
    """Spell a rule as Great Expectations does."""
    return {"type": type_, "kwargs": kwargs}


def columns_of(rule: Rule) -> list[str]:
    """Name the columns that a rule's arguments name."""
    if rule["type"].startswith("expect_table_"):
        return []
    named = [rule["kwargs"][key] for key in PLACES if key in rule["kwargs"]]
    return [str(name) for each in named for name in (each if isinstance(each, (list, tuple)) else [each])]


def kinds_of(connection: "duckdb.DuckDBPyConnection", path: Path) -> dict[str, Kind]:
    """Give the kind of each column of a Parquet file."""
    described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(path)})").fetchall()
    return {name: _kind(type_) for name, type_, *_ in described}


def _kind(type_: str) -> Kind:
    """Sort DuckDB's types into few kinds; what is none of them is looked at as text."""
    if re.fullmatch(r"U?(TINYINT|SMALLINT|INTEGER)|BIGINT", type_):
        return "integer"
    if re.fullmatch(r"UBIGINT|U?HUGEINT|FLOAT|DOUBLE|DECIMAL\(.*\)", type_):
        return "number"
    if type_ == "DATE" or type_.startswith("TIMESTAMP"):
        return "time"
    return "boolean" if type_ == "BOOLEAN" else "text"


def cast(name: str, kind: Kind) -> str:
    """Spell a column so that its pandas type depends on its kind alone, and times are UTC without saying so."""
    column = quoted(name)
    if kind == "time":
        return f"make_timestamp(epoch_us({column}))"
    return f"CAST({column} AS {dict(integer='BIGINT', number='DOUBLE', boolean='BOOLEAN', text='VARCHAR')[kind]})"
