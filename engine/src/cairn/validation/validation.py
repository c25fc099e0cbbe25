"""Hold the raw tables against their expectations with Great Expectations, and say what failed."""

import gc
import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cairn.errors import InputError, did_you_mean
from cairn.files import written
from cairn.number_text import plain
from cairn.tables.duck import connect, literal, quoted
from cairn.validation.data_docs import asked, keep, start, steady, trouble_of
from cairn.validation.expectations import PLACES, Kind, Rule, cast, columns_of, kinds_of, make_rule

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext

__all__ = ["failures_table", "validate"]

EXAMPLES = 3
MOST_HELD = 100_000_000  # bytes of columns read before memory is tidied


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
        context = start(partial)
        findings: list[Finding] = []
        for table, rules in tables.items():
            results = _results(context, raw / f"{table}.parquet", rules)
            keep(context, table, results)
            findings += [_finding(table, rule, result) for rule, result in zip(rules, results, strict=True)]
        context.build_data_docs()
        steady(partial)
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


def _results(context: "EphemeralDataContext", path: Path, rules: Sequence[Rule]) -> list["ExpectationValidationResult"]:
    """Check the rules of one table, those on the same columns together, and give the results in the rules' order."""
    from tqdm import tqdm

    results: dict[int, ExpectationValidationResult] = {}
    queries: dict[str, list[Any]] = {}
    held = 0
    with connect() as connection:
        kinds = kinds_of(connection, path)
        for number, rule in enumerate(rules):
            queries.setdefault(_query(rule, kinds, path), []).append(_expectation(rule, number, kinds, path.stem))
        for query, expectations in tqdm(queries.items(), desc=f"validate {path.stem}", disable=None, leave=False):
            frame = _frame(connection, query, kinds)
            for result in _checked(context, path.stem, frame, expectations):
                results[asked(result).meta.pop("number")] = result
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
    missing = [name for name in columns_of(rule) if name not in kinds]
    meta: dict[str, Any] = {"number": number}
    if missing:
        meta["gone"] = f"no column {missing[0]!r} {did_you_mean(missing[0], kinds)}"
        rule = make_rule("expect_column_to_exist", column=missing[0])
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


def _query(rule: Rule, kinds: Mapping[str, Kind], path: Path) -> str:
    """Spell the read that a rule needs: its own columns, only a row count, only the names, or else everything."""
    named, table = columns_of(rule), f"read_parquet({literal(path)})"
    names_only = rule["type"].startswith(("expect_table_column", "expect_column_to_exist")) or set(named) - set(kinds)
    if rule["type"].startswith("expect_table_row_count_to_be") and "row_condition" not in rule["kwargs"]:
        return f"SELECT true AS row FROM {table}"
    whole = names_only or not named or "row_condition" in rule["kwargs"]
    chosen = list(kinds) if whole else list(dict.fromkeys(named))
    spelled = ", ".join(f"{cast(name, kinds[name])} AS {quoted(name)}" for name in chosen)
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


def _finding(table: str, rule: Rule, result: "ExpectationValidationResult") -> Finding:
    outcome, trouble = result.result, trouble_of(result)
    rows, percent = outcome.get("unexpected_count"), outcome.get("unexpected_percent")
    if gone := asked(result).meta.pop("gone", None):
        found = gone
    elif trouble:
        found, rows = trouble, None
    elif rows is not None:
        found = f"{plain(percent, 3)} % break it" if rows else "every row"
    else:
        found = _words(outcome.get("observed_value"))
    return Finding(
        table=table,
        column=", ".join(columns_of(rule)) or None,
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
        parts.append("in every row" if mostly == 1 else f"in {plain(100 * mostly)} % of rows")
    return ", ".join(parts) or "to be so"


def _words(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " | ".join(map(_words, value[:8])) + (f" | ... ({len(value)} in all)" if len(value) > 8 else "")
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_words(each)}" for key, each in value.items())
    if isinstance(value, float):
        return plain(value, 6)
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
