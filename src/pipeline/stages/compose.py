"""Compose conf/ into params.yaml, and check every key and value of it."""

import sys
from pathlib import Path

from cairn import composition, config, layout, overrides
from cairn.files import written


def main() -> None:
    before = config.read_yaml(config.PARAMS) if config.PARAMS.exists() else None
    params, listed = composition.compose(sys.argv[1:])
    sql = composition.query(params)
    for line in overrides.describe(config.applied(), listed):
        print(line)
    if listed != config.applied():
        overrides.write(listed)
    changes = config.differences(before, params) if before else [f"composed from {config.CONF}/"]
    for change in changes:
        print(f"{config.PARAMS}: {change}")
    config.write(params)
    _write(layout.FEATURES_SQL, sql)
    _watch(config.call(params["data"]).watched)
    _write(layout.COMPOSED, "params.yaml holds what conf/ composes to\n")


def _watch(file: Path | None) -> None:
    """Link to the user's file, so that DVC sees its content; data from elsewhere have their parameters to tell."""
    if file is None or not file.is_file():
        _write(layout.SOURCE, "no file on this disk to watch\n")
        return
    with written(layout.SOURCE) as partial:
        partial.symlink_to(file.resolve())


def _write(path: Path, text: str) -> None:
    with written(path) as partial:
        partial.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    config.run(main)
