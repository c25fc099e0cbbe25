"""Turn the raw tables into the one features table, and say what its columns are."""

from cairn import config, layout
from cairn.features.sql import describe
from cairn.files import write_json, written


def main() -> None:
    params = config.load()
    source = config.call(params["data"])
    tables = {path.stem: path for path in sorted(layout.RAW.glob("*.parquet"))}
    with written(layout.FEATURES) as partial:
        node = {**params["features"], "sql": layout.FEATURES_SQL.read_text(encoding="utf-8")}
        config.call(node, tables=tables, output=partial)
        schema = describe(partial, source)
    write_json(schema, layout.SCHEMA)
    kinds = schema["task"] + (f" of {' / '.join(map(str, schema['classes']))}" if schema["classes"] else "")
    print(f"{schema['target']}: {kinds}, from {len(schema['features'])} features")


if __name__ == "__main__":
    config.run(main)
