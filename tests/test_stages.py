"""Each stage is a script of one screen that begins with what it does."""

import ast
from pathlib import Path

import pytest

STAGES = sorted((Path(__file__).parents[1] / "src" / "pipeline" / "stages").glob("[!_]*.py"))
LINES = 60


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.stem)
def test_a_stage_is_one_screen_with_a_docstring(path):
    text = path.read_text(encoding="utf-8")
    module = ast.parse(text)
    assert len(text.splitlines()) < LINES
    assert ast.get_docstring(module)
    assert "main" in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
