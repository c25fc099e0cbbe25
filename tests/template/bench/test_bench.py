import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


# Left to `make bench`: what runs a whole project through DVC again and again, and what installs peers.
QUICK = ("tables", "batch", "explain", "models", "monitor", "page")


@pytest.mark.slow
def test_benchmarks_run_and_give_finite_ratios(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", *QUICK, "--quick", "--output", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    measured = json.loads((tmp_path / "results.json").read_text())["benchmarks"]
    document = (tmp_path / "benchmarks.md").read_text()
    assert list(measured) == list(QUICK)
    for row in [row for name in QUICK for row in measured[name]]:
        assert row["what"] in document
        assert row["why"] or (math.isfinite(row["ratio"]) and row["ratio"] > 0)


def test_a_run_counts_its_child_processes_and_the_largest_of_them(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT))
    from bench.measure import run

    hungry = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'len(b\"x\" * 300_000_000)'])"
    measured = run([sys.executable, "-c", hungry], tmp_path, {})
    assert measured.peak * 2**30 > 300_000_000
    assert 0 < measured.cpu < 60
    assert measured.wall > 0
    assert not list(tmp_path.iterdir())
