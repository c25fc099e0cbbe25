"""From raw tables to the one table a model is made from: SQL in DuckDB, and a schema that says what the columns are."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cairn.errors import InputError, did_you_mean
from cairn.tables.duck import connect, literal, quoted
from cairn.tables.source import Source, require_columns
from cairn.tables.target import describe_target

if TYPE_CHECKING:
    import duckdb


def resolve_sql(node: Mapping[str, Any], folder: Path) -> str | None:
    """Give the query of a features node, read from its file where it names one.

    Parameters
    ----------
    node : `features` of params.yaml; its `sql` is None, a query, or the name of a `.sql` file
    folder : where such files stand

    Raises
    ------
    InputError : the file is not there
    """
    sql: str | None = node.get("sql")
    if sql is None or not sql.strip().endswith(".sql"):
        return sql
    path = folder / sql.strip()
    if not path.exists():
        known = [each.name for each in folder.glob("*.sql")]
        raise InputError(f"features.sql: no file {path} {did_you_mean(path.name, known)}")
    return path.read_text(encoding="utf-8")


def build(tables: Mapping[str, Path], output: Path, *, sql: str | None, threads: int = 1) -> None:
    """Write the features table.

    Parameters
    ----------
    tables : name of each raw table -> its Parquet file
    output : the Parquet file to write
    sql : a query over those names; None takes the one raw table as it is, without copying a row
    threads : how many threads run the query; with one, sums of floating point numbers repeat to the last bit

    Raises
    ------
    InputError : the query does not run, or there are several tables and no query
    """
    import duckdb

    if sql is None or not _without_comments(sql):
        if len(tables) != 1:
            raise InputError(f"features.sql: a query must join the {len(tables)} raw tables: {', '.join(tables)}")
        output.hardlink_to(*tables.values())
        return
    connection = connect(threads)
    try:
        for name, path in tables.items():
            connection.execute(f"CREATE VIEW {quoted(name)} AS FROM read_parquet({literal(path)})")
        connection.execute(f"COPY ({sql.strip().rstrip(';')}) TO {literal(output)} (FORMAT parquet)")
    except duckdb.Error as error:
        raise InputError(f"features.sql: {' '.join(str(error).split())}") from error


def describe(features: Path, source: Source) -> dict[str, Any]:
    """Say what the columns of the features table are.

    Parameters
    ----------
    features : the Parquet file
    source : the roles of its columns

    Returns
    -------
    dict : target, task, classes (sorted, a binary target's positive class last; None for a regression),
        features (the columns a model may see, in table order) and id

    Raises
    ------
    InputError : a role names no column, or the target cannot be learned
    """
    rows = connect().read_parquet(str(features))
    require_columns(source.roles, rows.columns, "the features table")
    task, classes = describe_target(rows, source)
    no_feature = {source.target, source.id, source.time, source.group, *source.drop}
    columns = [name for name in rows.columns if name not in no_feature]
    if not columns:
        raise InputError("data.drop: no feature is left; every column has another role")
    _refuse_nested(rows, columns)
    return {"target": source.target, "task": task, "classes": classes, "features": columns, "id": source.id}


def _without_comments(sql: str) -> str:
    return "".join(line.split("--")[0] for line in sql.splitlines()).strip()


def _refuse_nested(rows: "duckdb.DuckDBPyRelation", columns: list[str]) -> None:
    for name, kind in zip(rows.columns, rows.types, strict=True):
        nested = str(kind).startswith(("STRUCT", "MAP", "UNION")) or str(kind).endswith("]")
        if name in columns and nested:
            raise InputError(
                f"{name}: a nested value ({kind}) is no feature; take it apart in SQL (conf/features) "
                f"or leave it out with data.drop=[{name}]"
            )
