"""The notebook runs on a finished project, and is kept without what it showed."""

import importlib.util
import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "explore.ipynb"
NEEDED = [name for name in ("nbclient", "ipykernel", "ipywidgets") if importlib.util.find_spec(name) is None]


def code_cells(path: Path) -> list[dict]:
    return [each for each in json.loads(path.read_text())["cells"] if each["cell_type"] == "code"]


def test_it_is_small_and_kept_without_outputs():
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    assert len(cells) <= 12
    assert [each["outputs"] for each in code_cells(NOTEBOOK)] == [[]] * len(code_cells(NOTEBOOK))
    assert {each["execution_count"] for each in code_cells(NOTEBOOK)} == {None}


@pytest.mark.skipif(bool(NEEDED), reason=f"not installed: {', '.join(NEEDED)} (`make environment EXTRAS=notebook`)")
@pytest.mark.slow
def test_it_runs_from_top_to_bottom(finished, run):
    done = run(["jupyter", "execute", "explore.ipynb", "--output=executed.ipynb"], finished / "notebooks")
    assert done.returncode == 0, done.stderr[-2000:]
    cells = code_cells(finished / "notebooks" / "executed.ipynb")
    shown = [output["data"] for each in cells for output in each["outputs"] if "data" in output]
    assert any("image/png" in each for each in shown)
    assert "<th>error</th>" in "".join(shown[-1]["text/html"])
