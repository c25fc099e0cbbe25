"""Turn the raw tables into the one features table, and say what its columns are."""

from cairn import config, layout
from cairn.features import table
from cairn.features.sql import describe
from cairn.files import write_json, written


def main() -> None:
    params = config.load()
    tables = {path.stem: path for path in sorted(layout.RAW.glob("*.parquet"))}
    node = params["features"]
    if "sql" in node:  # as `compose` read it, so that an edit of another query runs nothing
        node = {**node, "sql": layout.FEATURES_SQL.read_text(encoding="utf-8")}
    with written(layout.FEATURES) as partial:
        table.build(node, tables, partial)
        schema = describe(partial, config.call(params["data"]))
    write_json(schema, layout.SCHEMA)
    classes = f" of {' / '.join(map(str, schema['classes']))}" if schema["classes"] else ""
    print(f"{schema['target']}: {schema['task']}{classes}, from {len(schema['features'])} features")


if __name__ == "__main__":
    config.run(main)
