"""The libraries of the extra `boosters`, which not every environment has."""

from importlib.util import find_spec

from cairn.errors import InputError

OPTIONAL = {"lightgbm": "LightGBM", "catboost": "CatBoost"}  # the module, and what people call it


def is_installed(module: str) -> bool:
    """Return True if a library can be imported, without importing it."""
    return module not in OPTIONAL or find_spec(module) is not None


def require(module: str) -> None:
    """Check that a library is installed.

    Raises
    ------
    InputError : it is not; the message has the command that installs it
    """
    if not is_installed(module):
        raise InputError(f"model: {OPTIONAL[module]} is not installed; `make run EXTRAS=boosters` installs it")
