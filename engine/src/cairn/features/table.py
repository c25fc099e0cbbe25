"""The features table by whatever function conf/features names: a query, or Python of the project's own.

A function of the project's own takes the raw tables, as a mapping from name to pandas DataFrame, and the other keys of
its file, and returns the features table:

    def features(tables, *, since):
        return tables["orders"].query("ordered_at >= @since").groupby("customer_id", as_index=False)["price"].sum()

One with a parameter `output` gets paths of Parquet files in place of DataFrames, and writes the Parquet file `output`
itself, for tables that are larger than memory; `cairn.features.sql.build` is such a function.
"""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cairn import config
from cairn.errors import InputError, own_code_error
from cairn.tables.duck import connect, write_rows

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["build", "check"]


def check(node: Mapping[str, Any]) -> None:
    """Check that the function of a features node takes the raw tables.

    Raises
    ------
    InputError : it has no parameter `tables`, or lacks a key that it needs
    """
    target = config.locate(node["_target_"])
    given = {"tables": None} | ({"output": None} if _writes(target) else {})
    keys = {key: value for key, value in node.items() if key != "_target_"}
    try:
        inspect.signature(target).bind(**given, **keys)
    except TypeError as error:
        raise InputError(f"{node['_target_']}(tables, ...): {error}") from error


def build(node: Mapping[str, Any], tables: Mapping[str, Path], output: Path) -> None:
    """Write the features table.

    Parameters
    ----------
    node : `features` of params.yaml; a query stands in it as text
    tables : name of each raw table -> its Parquet file
    output : the Parquet file to write

    Raises
    ------
    InputError : the function failed, or returned something else than a table
    """
    if _writes(config.locate(node["_target_"])):
        _call(node, tables=tables, output=output)
        return
    from pyarrow import parquet  # `compose` checks a node of conf/features without it

    frames = {name: parquet.read_table(path).to_pandas() for name, path in tables.items()}
    table = _arrow(_call(node, tables=frames))
    write_rows(connect().from_arrow(table), output)


def _writes(target: Callable[..., Any]) -> bool:
    return "output" in inspect.signature(target).parameters


def _call(node: Mapping[str, Any], **given: Any) -> Any:
    try:
        return config.call(node, **given)
    except InputError:
        raise
    except Exception as error:  # whatever the project's own code raises
        raise own_code_error(f"features: {node['_target_']}", error) from error


def _arrow(table: "pd.DataFrame | pa.Table") -> "pa.Table":
    """Return a table as Arrow; an index that holds something is refused, since it would be lost."""
    import pyarrow as pa

    if isinstance(table, pa.Table):
        return table
    columns = getattr(table, "columns", None)
    if columns is None:
        raise InputError(f"features: the function returned {type(table).__name__}; it must return a DataFrame")
    if any(name is not None for name in table.index.names):
        raise InputError(
            f"features: {', '.join(map(str, table.index.names))} is the index, and only columns are features; "
            "return table.reset_index()"
        )
    if repeated := sorted({str(name) for name in columns[columns.duplicated()]}):
        raise InputError(f"features: two columns have the name {', '.join(repeated)}")
    try:
        return pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata()
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(f"features: a column cannot be written: {' '.join(str(error).split())}") from error
