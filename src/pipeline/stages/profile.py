"""Look at the raw tables and the features: counts, and a page a table to sort and click."""

from pipeline import config
from pipeline.data.tables import named
from pipeline.files import read_json, write_json, written
from pipeline.stages import paths


def main() -> None:
    params = config.load()
    node = params["report"]["profile"]
    with written(paths.PROFILE) as folder:
        folder.mkdir()
        if node is None:
            told = {"profiled": False}
        else:
            tables = named(paths.RAW.glob("*.parquet"), {"features": paths.FEATURES})
            schema = read_json(paths.SCHEMA)
            found = config.call(node, tables=tables, folder=folder, schema=schema, seed=params["seed"])
            told = {"profiled": True, **found}
    write_json(told, paths.PROFILE_RESULTS)
    print(f"{len(tables)} tables: {paths.PROFILE}/" if node else "left out: report.profile is null")


if __name__ == "__main__":
    config.run(main)
