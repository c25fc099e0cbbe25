"""Look at the raw tables and the features: counts, and a page a table to sort and click."""

from cairn import config, layout
from cairn.files import read_json, write_json, written
from cairn.tables.names import named


def main() -> None:
    params = config.load()
    node = params["report"]["profile"]
    with written(layout.PROFILE) as folder:
        folder.mkdir()
        if node is None:
            told = {"profiled": False}
        else:
            tables = named(layout.RAW.glob("*.parquet"), {"features": layout.FEATURES})
            schema = read_json(layout.SCHEMA)
            found = config.call(node, tables=tables, folder=folder, schema=schema, seed=params["seed"])
            told = {"profiled": True, **found}
    write_json(told, layout.PROFILE_RESULTS)
    print(f"{len(tables)} tables: {layout.PROFILE}/" if node else "left out: report.profile is null")


if __name__ == "__main__":
    config.run(main)
