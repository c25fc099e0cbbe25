"""Compose conf/ into params.yaml, and check every key and value of it."""

import os
from pathlib import Path

from pipeline import config
from pipeline.data.expectations import suites
from pipeline.data.features import resolve_sql
from pipeline.evaluation import gates
from pipeline.files import written
from pipeline.modeling import estimators
from pipeline.stages import paths


def main() -> None:
    # Under `dvc exp run` DVC has just composed conf/ with the experiment's overrides: those must stay.
    experiment = "DVC_EXP_NAME" in os.environ and config.PARAMS.exists()
    params, choices = (config.load(), {}) if experiment else config.compose()
    closer = {
        "expectations": lambda node: suites(node["tables"]),
        "gates": lambda node: gates.check(node["gates"], params["data"]["task"]),
        "model": estimators.check,
    }
    config.check(params, choices, closer)
    sql = resolve_sql(params["features"], config.CONF / "features")

    if not experiment:
        for change in config.differences(config.read_yaml(config.PARAMS) if config.PARAMS.exists() else {}, params):
            print(f"params.yaml: {change}")
        config.write(params)
    _write(paths.FEATURES_SQL, sql or "-- the one raw table, as it is\n")
    _write(paths.COMPOSED, "params.yaml holds what conf/ composes to\n")


def _write(path: Path, text: str) -> None:
    with written(path) as partial:
        partial.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    config.run(main)
