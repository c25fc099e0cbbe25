"""The libraries that not everybody installs."""

from importlib.util import find_spec

from cairn.errors import InputError

SPOKEN = {"lightgbm": "LightGBM", "catboost": "CatBoost"}  # the module, and what people call it


def is_installed(module: str) -> bool:
    """Say whether a library can be imported, without doing so."""
    return find_spec(module) is not None


def require(module: str) -> None:
    """Refuse to go on without a library.

    Raises
    ------
    InputError : it is not installed, and how it is
    """
    if not is_installed(module):
        raise InputError(f"model: {SPOKEN[module]} is not installed; `make run EXTRAS=boosters` installs it")
