"""Select the model of `cairn serve`, `cairn predict` and `cairn monitor`, by the settings of this project."""

from typing import Any

from cairn import config, layout
from cairn.errors import InputError
from cairn.registry.git import texts
from cairn.registry.model_source import ModelSelector
from cairn.registry.promotion import Rules
from cairn.serving.settings import Settings


def select_model(params: dict[str, Any], *, stage: str | None, version: str | None, path: str | None) -> ModelSelector:
    """Return the selector of a model.

    Parameters
    ----------
    params : of params.yaml, as the function `params` reads them; may be empty
    stage, version, path : one of them: what is promoted, a version, or a model's folder

    Raises
    ------
    InputError : conf/registry knows no such stage
    """
    rules: Rules = config.call(params["registry"]) if params else Rules()
    return ModelSelector(
        str(layout.MODEL),
        str(layout.TRAINED),
        str(layout.GATES),
        str(layout.METRICS),
        stage=stage and rules.known(stage),
        version=version,
        path=path,
        approval=tuple(rules.approval),
        remote=rules.remote,
        trusted=tuple(params.get("trusted") or ()),
    )


def settings(params: dict[str, Any], **given: Any) -> Settings:
    """Return the settings of conf/serve, with some replaced."""
    made: Settings = config.call(params["serve"] | given) if params else Settings(**given)
    return made


def params(path: str | None) -> dict[str, Any]:
    """Read params.yaml, or in a bare clone, which has no files, the one of its last commit.

    Parameters
    ----------
    path : of a model's folder, which can be served without a project; then the settings are the defaults

    Raises
    ------
    InputError : there are none, and a stage or a version is selected
    """
    params: dict[str, Any] | None = config.read_yaml(config.PARAMS) if config.PARAMS.exists() else None
    if params is not None:  # until `compose` has run, the file of a new project is empty
        return params
    if path is not None:
        return {}
    (text,) = texts([f"HEAD:{config.PARAMS}"])
    if text is None:
        raise InputError(f"no {config.PARAMS} here, nor in the last commit; go to a project, or to a clone of one")
    return config.parse_yaml(text)
