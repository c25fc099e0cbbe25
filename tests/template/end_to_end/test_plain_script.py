"""The plain script that the benchmark holds beside the stages does the same work: it ends with the same figures."""

import json
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "bench" / "plain_script.py"


@pytest.mark.slow
def test_the_plain_script_reaches_the_figures_of_the_stages(finished, run, tmp_path):
    done = run(["python", SCRIPT, tmp_path / "output"], finished)
    assert done.returncode == 0, done.stderr
    plain = json.loads((tmp_path / "output" / "metrics.json").read_text())
    stages = json.loads((finished / "reports" / "metrics.json").read_text())
    assert plain["test"] == stages["test"]
