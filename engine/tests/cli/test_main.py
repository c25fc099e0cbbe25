"""The command line by itself: its list of commands, its version, and what it imports."""

import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest

from cairn.cli import main as cli


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_alone_it_lists_every_command_once_and_ends_well(arguments, capsys):
    try:
        cli.main(arguments)
    except SystemExit as end:
        assert end.code == 0
    lines = capsys.readouterr().out.splitlines()
    named = [line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("  -")]
    (choices,) = [action.choices for action in cli._parser()._actions if isinstance(action.choices, dict)]
    assert sorted(named) == sorted(choices)
    assert "the registry:" in lines


def test_it_prints_its_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"cairn {version('cairn-tabular')}\n"


def test_as_a_module_it_is_the_same_and_its_help_imports_no_heavy_library():
    heavy = ("numpy", "pandas", "duckdb", "hydra", "pydantic", "sklearn", "pyarrow", "dvc")
    script = f"import sys, runpy\nsys.argv = ['cairn']\nrunpy.run_module('cairn', run_name='__main__')\nassert not {{*{heavy}}} & sys.modules.keys()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "the registry:" in done.stdout


def test_an_unknown_command_is_refused_with_the_known_ones(capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["promte"])
    assert "invalid choice: 'promte'" in capsys.readouterr().err


def test_every_command_has_a_module_that_runs_it():
    (choices,) = [action.choices for action in cli._parser()._actions if isinstance(action.choices, dict)]
    for command in choices:
        assert callable(import_module(f"cairn.cli.{cli.SHARED.get(command, command)}").main), command
