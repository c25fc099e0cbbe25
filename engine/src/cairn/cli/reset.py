"""Drop the overrides of an applied experiment: `cairn reset`."""

import argparse

from cairn import config, overrides
from cairn.errors import InputError


def reset() -> str:
    """Empty conf/overrides.yaml.

    Returns
    -------
    str : the overrides that it listed, a line each
    """
    try:
        dropped = config.applied()
    except InputError:  # by hand it became something else than a list of overrides
        dropped = config.OVERRIDES.read_text(encoding="utf-8").splitlines()
    missing = not config.OVERRIDES.exists()
    overrides.write([])
    if not dropped:
        return f"{config.OVERRIDES}: written, and empty" if missing else f"{config.OVERRIDES}: lists no overrides"
    lines = [f"{config.OVERRIDES}: dropped {override}" for override in dropped]
    return "\n".join([*lines, "`dvc repro` composes conf/ without them"])


def main(_: argparse.Namespace) -> None:
    """Run `cairn reset`."""
    print(reset())
