"""Compose conf/ into params.yaml, and check every key and value of it."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline import config
from pipeline.data.expectations import suites
from pipeline.data.features import resolve_sql
from pipeline.evaluation import gates
from pipeline.files import written
from pipeline.modeling import estimators, rules, search
from pipeline.reporting import choice
from pipeline.stages import paths


def main() -> None:
    # Under `dvc exp run` DVC has just composed conf/ with the experiment's overrides: those must stay.
    experiment = "DVC_EXP_NAME" in os.environ and config.PARAMS.exists()
    params, choices = (config.load(), {}) if experiment else config.compose(sys.argv[1:])
    closer = {
        "expectations": lambda node: suites(node["tables"]),
        "gates": lambda node: gates.check(node["gates"], params["data"]["task"], params["data"]["sensitive"]),
        "model": estimators.check,
        "search": lambda node: search.check(node, params["data"]["task"]),
        "rules": rules.require_limits,
        "report": choice.check,
    }
    config.check(params, choices, closer)
    sql = query(params)
    keep_what_was_said(params["model"])
    before = config.read_yaml(config.PARAMS) if config.PARAMS.exists() else None
    for change in config.differences(before or {}, params):
        print(f"params.yaml: {change}")
    config.write(params)
    _write(paths.FEATURES_SQL, sql)
    _watch(config.call(params["data"]).watched)
    _write(paths.COMPOSED, "params.yaml holds what conf/ composes to\n")


def query(params: Mapping[str, Any]) -> str:
    """Give the text that the features stage runs."""
    return resolve_sql(params["features"], config.CONF / "features") or "-- the one raw table, as it is\n"


def keep_what_was_said(model: dict[str, Any]) -> None:
    """Take a parameter that an override sets out of what the search tries, or the search would replace it."""
    own = config.own_values("model", model)
    searched = [model.get("space") or {}, *(model.get("starts") or []), *(model.get("finish") or [])]
    for key in [key for key in model if key in own and own[key] != model[key] and key not in search.KEYS]:
        for each in searched:
            each.pop(key, None)
    if model.get("finish"):
        model["finish"] = [change for change in model["finish"] if change]


def _watch(file: Path | None) -> None:
    """Link to the user's file, so that DVC sees its content; data from elsewhere have their parameters to tell."""
    if file is None or not file.is_file():
        _write(paths.SOURCE, "no file on this disk to watch\n")
        return
    with written(paths.SOURCE) as partial:
        partial.symlink_to(file.resolve())


def _write(path: Path, text: str) -> None:
    with written(path) as partial:
        partial.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    config.run(main)
