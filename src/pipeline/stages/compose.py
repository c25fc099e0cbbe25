"""Compose conf/ into params.yaml, and check every key and value of it."""

import os
import sys
from pathlib import Path

from cairn import composition, config, layout
from cairn.files import written


def main() -> None:
    # Under `dvc exp run` DVC has just composed conf/ with the experiment's overrides: those must stay.
    experiment = "DVC_EXP_NAME" in os.environ and config.PARAMS.exists()
    params, choices = (config.load(), {}) if experiment else config.compose(sys.argv[1:])
    composition.check(params, choices)
    sql = composition.query(params)
    composition.fix_overridden_params(params["model"])
    before = config.read_yaml(config.PARAMS) if config.PARAMS.exists() else None
    for change in config.differences(before or {}, params):
        print(f"params.yaml: {change}")
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
