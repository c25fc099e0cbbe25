"""Run a stage or a command of `cairn` in this process: what its own process would print, and its exit code."""

import contextlib
import importlib
import io
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from cairn import config
from cairn.cli import main


class Outcome(NamedTuple):
    """What a process leaves behind, in the names of `subprocess.CompletedProcess`."""

    returncode: int
    stdout: str
    stderr: str


def run_stage(name: str, *overrides: str, cwd: Path | None = None, **env: str) -> Outcome:
    """Run `python -m pipeline.stages.NAME` with Hydra overrides."""
    stage = importlib.import_module(f"pipeline.stages.{name}")
    return _run(lambda: config.run(stage.main), ["stage", *overrides], cwd, env)


def run_cairn(*arguments: str | Path, cwd: Path | None = None, **env: str) -> Outcome:
    """Run `cairn` with arguments."""
    words = [str(word) for word in arguments]
    return _run(lambda: main.main(words), ["cairn", *words], cwd, env)


def _run(function: Callable[[], None], argv: list[str], cwd: Path | None, env: dict[str, str]) -> Outcome:
    output, errors = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
        _warnings_to_stderr(),
        _own_signals(),
    ):
        patch.chdir(cwd or Path.cwd())
        patch.setattr(sys, "argv", argv)
        for name, value in env.items():
            patch.setenv(name, value)
        code = _exit_code(function)
    return Outcome(code, output.getvalue(), errors.getvalue())


def _exit_code(function: Callable[[], None]) -> int:
    """Call a function, and treat SystemExit as the interpreter does."""
    try:
        function()
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
            return 1
        return ended.code or 0
    return 0


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Put back the handler of SIGTERM, which some commands set for the rest of their process."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _warnings_to_stderr() -> Iterator[None]:
    """Print warnings to the current standard error, where pytest would collect them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        yield
    for warning in caught:
        sys.stderr.write(
            warnings.formatwarning(warning.message, warning.category, warning.filename, warning.lineno, warning.line)
        )
