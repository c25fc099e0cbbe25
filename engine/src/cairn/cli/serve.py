"""Serve what is promoted: `cairn serve`."""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import get_type_hints

from cairn import config
from cairn.cli import model_selector
from cairn.errors import InputError, did_you_mean
from cairn.registry.model_source import ModelSource
from cairn.serving.settings import Settings


def serve(
    *, stage: str | None = None, version: str | None = None, path: str | None = None, given: list[str] | None = None
) -> None:
    """Serve a model until a signal says to end.

    Parameters
    ----------
    stage, version, path : one of them: what is promoted, a version, or a model's folder
    given : settings in place of those of conf/serve, such as `port=9000`

    Raises
    ------
    InputError : there is no such model, it may not be served, or a setting is wrong
    """
    params = model_selector.params(path)
    settings = model_selector.settings(params, **_settings(given or []))
    selector = model_selector.select_model(params, stage=stage, version=version, path=path)
    finder = subprocess.Popen(
        [sys.executable, "-m", "cairn.registry.model_source", json.dumps(asdict(selector))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    from cairn.models.learners import folder
    from cairn.serving import server  # LitServe takes as long to import as the model to be found

    assert finder.stdout is not None
    if line := finder.stdout.readline():
        source = ModelSource.from_json(json.loads(line))
        folder.prepare(Path(source.folder))  # while that process checks that the model loads
    _, trouble = finder.communicate()
    if finder.returncode:
        raise InputError(trouble.strip().splitlines()[-1].removeprefix("error: "))
    print(f"{source.version or source.folder} on http://{settings.host}:{settings.port}", flush=True)
    server.serve(source, selector, settings)


def main(options: argparse.Namespace) -> None:
    """Run `cairn serve`."""
    serve(stage=options.stage, version=options.version, path=options.path, given=options.set)


def _settings(given: list[str]) -> dict:
    """Read `key=value`, a value as YAML has it."""
    pairs = [each.partition("=") for each in given]
    if wrong := next((each for each in pairs if not each[1]), None):
        raise InputError(f"-S {wrong[0]}: say KEY=VALUE, such as port=9000")
    settings = {key.removeprefix("serve."): config.parse_yaml(value) for key, _, value in pairs}
    types = get_type_hints(Settings)
    for key, value in settings.items():
        if key not in types:
            raise InputError(f"-S {key}: no such setting {did_you_mean(key, types)}")
        if trouble := config.type_trouble(types[key], value):
            raise InputError(f"-S {key}={trouble}")
    return settings
