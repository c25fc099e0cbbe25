"""Turn the raw tables into the one features table, and say what its columns are."""

from pipeline import config
from pipeline.data.features import describe
from pipeline.files import write_json, written
from pipeline.stages import paths


def main() -> None:
    params = config.load()
    source = config.call(params["data"])
    tables = {path.stem: path for path in sorted(paths.RAW.glob("*.parquet"))}
    with written(paths.FEATURES) as partial:
        node = {**params["features"], "sql": paths.FEATURES_SQL.read_text(encoding="utf-8")}
        config.call(node, tables=tables, output=partial)
        schema = describe(partial, source)
    write_json(schema, paths.SCHEMA)
    kinds = schema["task"] + (f" of {' / '.join(map(str, schema['classes']))}" if schema["classes"] else "")
    print(f"{schema['target']}: {kinds}, from {len(schema['features'])} features")


if __name__ == "__main__":
    config.run(main)
