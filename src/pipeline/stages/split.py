"""Split the features table into train, validation and test parts."""

from pipeline import config
from pipeline.data.duck import connect, literal, write_rows
from pipeline.files import read_json, written
from pipeline.stages import paths


def main() -> None:
    params = config.load()
    schema = read_json(paths.SCHEMA)
    roles = {role: params["data"][role] for role in ("id", "group", "time")}
    stratum = None if schema["classes"] is None else schema["target"]
    rows = connect().sql(f"SELECT * FROM read_parquet({literal(paths.FEATURES)}, file_row_number = true)")
    parts = config.call(params["split"], rows=rows, target=stratum, seed=params["seed"], **roles)
    with written(paths.PARTS) as folder:
        folder.mkdir()
        for name, part in parts.items():
            write_rows(part, folder / f"{name}.parquet")


if __name__ == "__main__":
    config.run(main)
