"""Hold the raw tables against expectations: check the rules, derive them, run them, and report what failed."""

import gc
import math
import os
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipeline.data.duck import connect, literal, quoted
from pipeline.errors import InputError, did_you_mean
from pipeline.files import written

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext

Rule = Mapping[str, Any]  # {"type": "expect_...", "kwargs": {...}}, as Great Expectations spells it
Kind = Literal["integer", "number", "boolean", "time", "text"]

MOST_CATEGORIES = 30  # a text column with more different values is free text
LONGEST_CATEGORY = 80  # characters
SLACK = 0.1  # share of a column's span by which derived bounds are wider than what was seen
YEARS_AHEAD = 2  # derived bounds of times end on 1 January, this many years after the last one seen
EXAMPLES = 3
MOST_HELD = 100_000_000  # bytes of columns read before memory is tidied
PLACES = ("column", "column_A", "column_B", "column_list")  # arguments that name columns
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # Data Docs want a run time; a real one would change their bytes each run


@dataclass(frozen=True)
class Finding:
    """What one expectation found in one table; every field is plain JSON.

    Parameters
    ----------
    table, column, expectation : where and what was checked; column is None for a rule on the whole table
    expected, found : in words
    rows : how many rows break the rule; None where the rule is on an aggregate or could not be checked
    examples : up to three different offending values, or row numbers (from 1) where values are missing
    passed : whether the expectation holds
    """

    table: str
    column: str | None
    expectation: str
    expected: str
    found: str
    rows: int | None
    examples: list[Any]
    passed: bool


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
        kinds = _kinds(connection, path)
        wanted = ", ".join(part for name, kind in kinds.items() for part in _statistics(name, kind))
        (rows, *values), *_ = connection.execute(
            f"SELECT count(*), {wanted} FROM read_parquet({literal(path)})"
        ).fetchall()
    rules = [_rule("expect_table_row_count_to_be_between", min_value=1)]
    for number, (name, kind) in enumerate(kinds.items()):
        present, low, high, extra = values[4 * number : 4 * number + 4]
        rules += _type_rules(name, kind)
        if name in required:
            rules.append(_rule("expect_column_values_to_not_be_null", column=name))
        elif rows and (mostly := (20 * present // rows - 1) / 20) > 0:  # a twentieth less, in twentieths
            rules.append(_rule("expect_column_values_to_not_be_null", column=name, mostly=mostly))
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
        "_target_": f"{__name__}.{suites.__name__}",
        "tables": {name: list(map(dict, tables[name])) for name in tables},
    }
    head = "# Derived from the raw tables. To adopt it, copy it to conf/expectations/<name>.yaml and edit it there.\n"
    return head + yaml.dump(
        node, Dumper=Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120
    )


def validate(raw: Path, tables: Mapping[str, Sequence[Rule]], docs: Path) -> list[Finding]:
    """Check every rule with Great Expectations, and write its Data Docs.

    Each column is read once and alone, so memory is bounded by the widest rule, not by the table.

    Parameters
    ----------
    raw : the folder with the tables, one Parquet file each
    tables : the rules of each table
    docs : the folder for the static HTML, replaced as a whole; the same findings give the same bytes

    Returns
    -------
    list of Finding : in the order of the rules

    Raises
    ------
    InputError : rules for a table that is not there, or arguments that an expectation does not take
    """
    known = sorted(path.stem for path in raw.glob("*.parquet"))
    for table in tables:
        if table not in known:
            raise InputError(f"expectations.tables.{table}: no such table in {raw} {did_you_mean(table, known)}")
    with written(docs) as partial:
        partial.mkdir()
        context = _great_expectations(partial)
        findings: list[Finding] = []
        for table, rules in tables.items():
            results = _results(context, raw / f"{table}.parquet", rules)
            _keep(context, table, results)
            findings += [_finding(table, rule, result) for rule, result in zip(rules, results, strict=True)]
        context.build_data_docs()
        _steady(partial)
    return findings


def failures_table(findings: Sequence[Finding], width: int = 120) -> str:
    """Lay out what failed as a table for a terminal; empty where everything passed.

    Parameters
    ----------
    findings : what `validate` gave
    width : characters a line; long cells go on in the next line
    """
    lines = [("column", "expectation", "expected", "found", "rows", "examples")]
    for each in findings:
        if not each.passed:
            place = each.table if each.column is None else f"{each.table}.{each.column}"
            rows = "" if each.rows is None else f"{each.rows:,}"
            name = each.expectation.removeprefix("expect_").replace("_", " ")
            lines.append((place, name, each.expected, each.found, rows, ", ".join(map(str, each.examples))))
    if len(lines) == 1:
        return ""
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > max(width, 14 * len(widths)):
        widths[widths.index(max(widths))] -= 1
    return "\n".join(text for cells in lines for text in _wrapped(cells, widths))


def _wrapped(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    columns = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, widths, strict=True)]
    for number in range(max(map(len, columns))):
        parts = [column[number] if number < len(column) else "" for column in columns]
        yield "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip()


def _rule(type_: str, /, **kwargs: Any) -> dict[str, Any]:
    return {"type": type_, "kwargs": kwargs}


def _kinds(connection: "duckdb.DuckDBPyConnection", path: Path) -> dict[str, Kind]:
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


def _cast(name: str, kind: Kind) -> str:
    """Spell a column so that its pandas type depends on its kind alone, and times are UTC without saying so."""
    column = quoted(name)
    if kind == "time":
        return f"make_timestamp(epoch_us({column}))"
    return f"CAST({column} AS {dict(integer='BIGINT', number='DOUBLE', boolean='BOOLEAN', text='VARCHAR')[kind]})"


def _statistics(name: str, kind: Kind) -> list[str]:
    """Spell four aggregates of a column: how many values, the lowest, the highest, and what else its kind needs."""
    column = _cast(name, kind)
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
        return [_rule("expect_column_values_to_be_of_type", column=name, type_="str")]
    if kind == "boolean":
        return [_rule("expect_column_values_to_be_in_set", column=name, value_set=[False, True])]
    types = ["datetime64[ns]", "datetime64[us]"] if kind == "time" else ["int64", "float64"]
    return [_rule("expect_column_values_to_be_in_type_list", column=name, type_list=types)]


def _value_rules(name: str, kind: Kind, present: int, low: Any, high: Any, extra: Any) -> list[dict[str, Any]]:
    if kind == "text":
        values = sorted(extra or [])
        plain = all(len(each) <= LONGEST_CATEGORY and "${" not in each and each != "???" for each in values)
        if 0 < len(values) <= MOST_CATEGORIES and 2 * len(values) <= present and plain:  # ${ and ??? are Hydra's own
            return [_rule("expect_column_values_to_be_in_set", column=name, value_set=values, mostly=0.99)]
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
    return [_rule("expect_column_values_to_be_between", column=name, **bounds)] if bounds else []


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


def _great_expectations(docs: Path) -> "EphemeralDataContext":
    """Start Great Expectations in memory, with no telemetry and no bars, and Data Docs in the folder `docs`."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs.resolve())},
    }
    settings: dict[str, Any] = {
        "store_backend_defaults": InMemoryStoreBackendDefaults(),
        "data_docs_sites": {"validation": site},
        "analytics_enabled": False,
        "progress_bars": {"globally": False},
    }
    config: Any = DataContextConfig(**settings)
    return gx.get_context(mode="ephemeral", project_config=config)


def _results(context: "EphemeralDataContext", path: Path, rules: Sequence[Rule]) -> list["ExpectationValidationResult"]:
    """Check the rules of one table, those on the same columns together, and give the results in the rules' order."""
    from tqdm import tqdm

    results: dict[int, ExpectationValidationResult] = {}
    queries: dict[str, list[Any]] = {}
    held = 0
    with connect() as connection:
        kinds = _kinds(connection, path)
        for number, rule in enumerate(rules):
            queries.setdefault(_query(rule, kinds, path), []).append(_expectation(rule, number, kinds, path.stem))
        for query, expectations in tqdm(queries.items(), desc=f"validate {path.stem}", disable=None, leave=False):
            frame = _frame(connection, query, kinds)
            for result in _checked(context, path.stem, frame, expectations):
                results[_asked(result).meta.pop("number")] = result
            held += int(frame.memory_usage().sum())
            if held > MOST_HELD:
                del frame  # Great Expectations' objects hold each other, and the frames, until the collector runs
                gc.collect()
                held = 0
    return [results[number] for number in range(len(rules))]


def _checked(
    context: "EphemeralDataContext", table: str, frame: "pd.DataFrame", expectations: list[Any]
) -> list["ExpectationValidationResult"]:
    import great_expectations as gx

    # A data source keeps every frame that it has seen; a new one each time lets the last one go.
    asset = context.data_sources.add_or_update_pandas("raw").add_dataframe_asset(table)
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
    return batch.validate(gx.ExpectationSuite(name=table, expectations=expectations)).results


def _expectation(rule: Rule, number: int, kinds: Mapping[str, Kind], table: str) -> Any:
    """Make Great Expectations' own object; a rule on a column that is not there becomes one that asks for it."""
    from great_expectations.exceptions.exceptions import ExpectationNotFoundError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    where = f"expectations.tables.{table}: rule {number + 1} ({rule['type']})"
    missing = [name for name in _columns(rule) if name not in kinds]
    meta: dict[str, Any] = {"number": number}
    if missing:
        meta["gone"] = f"no column {missing[0]!r} {did_you_mean(missing[0], kinds)}"
        rule = _rule("expect_column_to_exist", column=missing[0])
    timed = kinds.get(str(rule["kwargs"].get("column"))) == "time"
    kwargs = {
        key: _as_time(value, f"{where}: {key}") if timed and key in {"min_value", "max_value"} else value
        for key, value in rule["kwargs"].items()
    }
    try:
        return ExpectationConfiguration(type=rule["type"], kwargs=kwargs, meta=meta).to_domain_obj()
    except ExpectationNotFoundError as error:
        raise InputError(f"{where}: this version of Great Expectations does not offer it") from error
    except ValueError as error:
        raise InputError(f"{where}: {_pydantic_says(error, rule['type'])}") from error


def _pydantic_says(error: Any, type_: str) -> str:
    from great_expectations.expectations.registry import get_expectation_impl

    first = error.errors()[0]
    key = str(first["loc"][0])
    if first["type"] == "value_error.extra":
        return f"no argument {key!r} {did_you_mean(key, get_expectation_impl(type_).__fields__)}"
    return first["msg"] if key == "__root__" else f"{key}: {first['msg']}"


def _as_time(value: Any, where: str) -> Any:
    """Read the bound of a time column; Great Expectations would compare a plain date with no timestamp."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, datetime.min.time())
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise InputError(f"{where}: {value!r} is no time; write it as 2024-01-31T00:00:00") from error
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _columns(rule: Rule) -> list[str]:
    """Name the columns that a rule's arguments name."""
    if rule["type"].startswith("expect_table_"):
        return []
    named = [rule["kwargs"][key] for key in PLACES if key in rule["kwargs"]]
    return [str(name) for each in named for name in (each if isinstance(each, (list, tuple)) else [each])]


def _query(rule: Rule, kinds: Mapping[str, Kind], path: Path) -> str:
    """Spell the read that a rule needs: its own columns, only a row count, only the names, or else everything."""
    named, table = _columns(rule), f"read_parquet({literal(path)})"
    names_only = rule["type"].startswith(("expect_table_column", "expect_column_to_exist")) or set(named) - set(kinds)
    if rule["type"].startswith("expect_table_row_count_to_be") and "row_condition" not in rule["kwargs"]:
        return f"SELECT true AS row FROM {table}"
    whole = names_only or not named or "row_condition" in rule["kwargs"]
    chosen = list(kinds) if whole else list(dict.fromkeys(named))
    spelled = ", ".join(f"{_cast(name, kinds[name])} AS {quoted(name)}" for name in chosen)
    return f"SELECT {spelled} FROM {table}" + (" LIMIT 0" if names_only else "")


def _frame(connection: "duckdb.DuckDBPyConnection", query: str, kinds: Mapping[str, Kind]) -> "pd.DataFrame":
    """Read columns as the types that Great Expectations handles fast: numpy's, with NaN and NaT for what is missing."""
    from pandas.errors import OutOfBoundsDatetime

    frame = connection.execute(query).df()
    wanted: dict[str, Any] = {"integer": "float64", "text": "str", "time": "datetime64[ns]"}
    for name in frame.columns:
        kind = kinds.get(name, "boolean")
        if kind in wanted and not (kind == "integer" and frame[name].dtype == "int64"):
            with suppress(OutOfBoundsDatetime):  # microseconds reach farther than the year 2262, only more slowly
                frame[name] = frame[name].astype(wanted[kind])
    return frame


def _keep(context: "EphemeralDataContext", table: str, results: list["ExpectationValidationResult"]) -> None:
    """Put one table's rules and results where Data Docs look for them, with no time, path or traceback in them."""
    import great_expectations as gx
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )
    from great_expectations.util import convert_to_json_serializable
    from great_expectations.validator.validation_statistics import calc_validation_statistics

    for result in results:
        result.success = bool(result.success)  # some come as numpy's, which Great Expectations' own store refuses
        result.result = convert_to_json_serializable(result.result)
        if trouble := _trouble(result):
            shown = {"raised_exception": True, "exception_message": trouble, "exception_traceback": trouble}
            result.exception_info = shown
    run = gx.RunIdentifier(run_name="validate", run_time=NO_TIME)
    counts = calc_validation_statistics(results)._asdict()
    kept = ExpectationSuiteValidationResult(
        success=counts.pop("success"),
        results=results,
        suite_name=table,
        statistics=counts,
        meta={"run_id": run, "validation_time": NO_TIME, "great_expectations_version": gx.__version__},
    )
    rules = [{"type": _asked(each).type, "kwargs": _asked(each).kwargs} for each in results]
    context.suites.add(gx.ExpectationSuite(name=table, expectations=rules))
    key = ValidationResultIdentifier(ExpectationSuiteIdentifier(table), run, table)
    context.validation_results_store.set(key, kept)


def _asked(result: "ExpectationValidationResult") -> Any:
    """Give the configuration that a result answers; Great Expectations types it as optional, but always sets it."""
    return result.expectation_config


def _trouble(result: "ExpectationValidationResult") -> str | None:
    """Give the first line of what an expectation raised, if it raised."""
    info = result.exception_info or {}
    for each in [info] if "raised_exception" in info else info.values():
        if each["raised_exception"]:
            return str(each["exception_message"]).strip().splitlines()[0]
    return None


def _finding(table: str, rule: Rule, result: "ExpectationValidationResult") -> Finding:
    outcome, trouble = result.result, _trouble(result)
    rows, percent = outcome.get("unexpected_count"), outcome.get("unexpected_percent")
    if gone := _asked(result).meta.pop("gone", None):
        found = gone
    elif trouble:
        found, rows = trouble, None
    elif rows is not None:
        found = f"{percent:.3g} % break it" if rows else "every row"
    else:
        found = _words(outcome.get("observed_value"))
    return Finding(
        table=table,
        column=", ".join(_columns(rule)) or None,
        expectation=rule["type"],
        expected="the column" if gone else _expected(rule["kwargs"], by_row=rows is not None),
        found=found,
        rows=None if rows is None else int(rows),
        examples=_examples(rule, outcome),
        passed=bool(result.success) and not gone,
    )


def _expected(kwargs: Mapping[str, Any], *, by_row: bool) -> str:
    """Say in words what the arguments of an expectation ask for."""
    told = {*PLACES, "min_value", "max_value", "mostly", "condition_parser"}
    rest = {key: value for key, value in kwargs.items() if key not in told}
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    parts = []
    if low is not None and high is not None:
        parts.append(f"{_words(low)} to {_words(high)}")
    elif low is not None or high is not None:
        parts.append(f"at least {_words(low)}" if high is None else f"at most {_words(high)}")
    parts += [f"{key.removesuffix('_').replace('_', ' ')} {_words(value)}" for key, value in rest.items()]
    if by_row:
        mostly = kwargs.get("mostly", 1)
        parts.append("in every row" if mostly == 1 else f"in {100 * mostly:.4g} % of rows")
    return ", ".join(parts) or "to be so"


def _words(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " | ".join(map(_words, value[:8])) + (f" | ... ({len(value)} in all)" if len(value) > 8 else "")
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_words(each)}" for key, each in value.items())
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def _examples(rule: Rule, outcome: Mapping[str, Any]) -> list[Any]:
    if rule["type"] == "expect_column_values_to_not_be_null":  # the values would all be nothing; say where
        return [f"row {number + 1}" for number in outcome.get("partial_unexpected_index_list", [])[:EXAMPLES]]
    return list(dict.fromkeys(map(_plain, outcome.get("partial_unexpected_list", []))))[:EXAMPLES]


def _plain(value: Any) -> Any:
    """Give a value as JSON has it; a row of several columns becomes `a=1, b=2`."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={each}" for key, each in value.items())
    value = value.item() if type(value).__module__ == "numpy" and hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _steady(docs: Path) -> None:
    """Take out of Data Docs what differs between two equal runs, and the pictures that no page shows.

    Great Expectations asks its own server for its logo, stamped with the time, numbers foldable parts at random, and
    shows the run's time in the local zone.
    """
    pages = sorted(docs.rglob("*.html"))
    for page in pages:
        logo = os.path.relpath(docs / "static" / "images" / "logo-long.png", page.parent)
        text = page.read_text(encoding="utf-8")
        text = re.sub(r"https://great-expectations-web-assets[^\"')]*", logo, text)
        text = re.sub(r"'run_time': '[^']*'", "'run_time': ''", text)
        text = re.sub(r" / validate / 1970-01-01T00:00:00(\.0+)?Z", "", text)
        text = re.sub(r"(-collapse-body-)[0-9a-f-]{36}", r"\g<1>0", text)
        page.write_text(text, encoding="utf-8")
    shown = "".join(page.read_text(encoding="utf-8") for page in pages)
    for picture in (docs / "static" / "images").iterdir():
        if picture.name not in shown:
            picture.unlink()
