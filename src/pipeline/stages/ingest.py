"""Bring the raw tables in, as Parquet files."""

from cairn import config, layout
from cairn.files import written


def main() -> None:
    source = config.call(config.load()["data"])
    with written(layout.RAW) as raw, written(layout.TRUTH) as truth:
        raw.mkdir()
        truth.mkdir()
        source.ingest(raw, truth)
        if not any(truth.iterdir()):
            (truth / "unknown.txt").write_text("The probabilities behind these rows are not known.\n", encoding="utf-8")


if __name__ == "__main__":
    config.run(main)
