"""Split the features table into train, validation and test parts."""

from cairn import config, layout
from cairn.files import read_json, written
from cairn.tables.duck import connect, literal, write_rows


def main() -> None:
    params = config.load()
    schema = read_json(layout.SCHEMA)
    roles = {role: params["data"][role] for role in ("id", "group", "time")}
    stratum = None if schema["classes"] is None else schema["target"]
    rows = connect().sql(f"SELECT * FROM read_parquet({literal(layout.FEATURES)}, file_row_number = true)")
    parts = config.call(params["split"], rows=rows, target=stratum, seed=params["seed"], **roles)
    with written(layout.PARTS) as folder:
        folder.mkdir()
        for name, part in parts.items():
            write_rows(part, folder / f"{name}.parquet")


if __name__ == "__main__":
    config.run(main)
