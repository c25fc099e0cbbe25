"""conf/ is honest: every _target_ resolves and takes its keys, and params.yaml is what conf/ composes to."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cairn import composition, config

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "conf").rglob("*.yaml"))
# Keys of a node that its function does not take: a search reads them, or an own metric is described by them.
NO_ARGUMENTS = {"defaults", "balance", "space", "starts", "finish", "greater_is_better", "response_method"}


def nodes(content: Any) -> Iterator[dict[str, Any]]:
    """Every mapping with a _target_, however deep it stands."""
    if isinstance(content, dict):
        if "_target_" in content:
            yield content
        content = list(content.values())
    if isinstance(content, list):
        for inner in content:
            yield from nodes(inner)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_target_resolves_and_takes_its_keys(path):
    for node in nodes(config.read_yaml(path)):
        parameters = inspect.signature(config.locate(node["_target_"])).parameters
        if not any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()):
            assert node.keys() - {"_target_"} - NO_ARGUMENTS <= parameters.keys()


def test_what_conf_composes_to_is_valid(monkeypatch):
    monkeypatch.chdir(ROOT)
    composition.check(*config.compose())


def test_params_yaml_is_what_conf_composes_to(monkeypatch):
    monkeypatch.chdir(ROOT)
    written = config.read_yaml(config.PARAMS)
    if not written:
        pytest.skip("params.yaml: nothing has run yet; `make run` composes conf/ into it")
    assert config.differences(composition.compose_applied(), written) == []
