"""What kind of target a column is, and whether a model can learn it at all."""

from typing import TYPE_CHECKING, Any

from cairn.errors import InputError, did_you_mean
from cairn.tables.duck import quoted
from cairn.tables.source import Source, Task

if TYPE_CHECKING:
    import duckdb

MOST_CLASSES = 100  # a text target with more different values is no classification anyone could check
MOST_NUMBER_CLASSES = 20  # a number with more different values is a quantity


def describe_target(rows: "duckdb.DuckDBPyRelation", source: Source) -> tuple[Task, list[Any] | None]:
    """Find the task and the classes of a table's target.

    Parameters
    ----------
    rows : the features table
    source : names the target, and the task and the positive class where they are not left to the data

    Returns
    -------
    tuple : the task, and its classes in sorted order (the positive one last); None for a regression

    Raises
    ------
    InputError : missing, constant or infinite values, a class with one row, or a task that does not fit
    """
    name = source.target
    kind = str(rows.select(quoted(name)).types[0])
    counts = _counts(rows, name, kind)
    if missing := counts.pop(None, 0):
        raise InputError(f"data.target: {missing:,} rows have no value in {name!r}; leave those rows out")
    if len(counts) < 2:
        raise InputError(f"data.target: {name!r} is constant ({next(iter(counts), None)!r}): there is nothing to learn")
    task = _task(kind, len(counts)) if source.task == "auto" else source.task
    if task == "regression":
        _require_finite_numbers(rows, name, kind)
        return task, None
    classes = sorted(counts)
    if len(classes) > MOST_CLASSES:
        raise InputError(f"data.target: {name!r} has more than {MOST_CLASSES} different values: too many classes")
    if task == "binary" and len(classes) != 2:
        raise InputError(f"data.task: binary wants 2 classes, and {name!r} has {len(classes)}")
    for label, count in counts.items():
        if count < 2:
            raise InputError(f"data.target: class {label!r} of {name!r} has one row; give it more, or leave it out")
    return task, _positive_last(classes, source) if task == "binary" else classes


def _counts(rows: "duckdb.DuckDBPyRelation", name: str, kind: str) -> dict[Any, int]:
    """Count the rows of each value, as many values as matter; JSON has no dates, so those count as text."""
    value = quoted(name) if kind in {"BOOLEAN", "VARCHAR"} or _is_number(kind) else f"{quoted(name)}::VARCHAR"
    if kind.startswith("DECIMAL"):
        value += "::DOUBLE"
    counted = rows.aggregate(f"{value}, count(*)", value).limit(MOST_CLASSES + 2).fetchall()
    missing = rows.filter(f"{quoted(name)} IS NULL").count("*").fetchall()[0][0]
    return dict(counted) | ({None: missing} if missing else {})


def _is_number(kind: str) -> bool:
    return kind.endswith(("INT", "INTEGER", "FLOAT", "DOUBLE")) or kind.startswith("DECIMAL")


def _task(kind: str, n_values: int) -> Task:
    if _is_number(kind) and n_values > MOST_NUMBER_CLASSES:
        return "regression"
    return "binary" if n_values == 2 else "multiclass"


def _require_finite_numbers(rows: "duckdb.DuckDBPyRelation", name: str, kind: str) -> None:
    if not _is_number(kind):
        raise InputError(f"data.task: a regression wants numbers, and {name!r} holds {kind}")
    if kind in {"FLOAT", "DOUBLE"}:
        infinite = rows.filter(f"NOT isfinite({quoted(name)})").count("*").fetchall()[0][0]
        if infinite:
            raise InputError(f"data.target: {infinite:,} rows of {name!r} are infinite; leave those rows out")


def _positive_last(classes: list[Any], source: Source) -> list[Any]:
    if source.positive is None:
        return classes
    by_text: dict[str, Any] = {str(each): each for each in classes}
    if isinstance(classes[0], bool):  # so DuckDB reads no and yes
        by_text = {"no": False, "yes": True, "No": False, "Yes": True} | by_text
    if str(source.positive) not in by_text:
        known = did_you_mean(str(source.positive), by_text)
        raise InputError(f"data.positive: no class {source.positive!r} in {source.target!r} {known}")
    positive = by_text[str(source.positive)]
    return [each for each in classes if each != positive] + [positive]
