"""Ten million recorded rows x 20 columns held against a baseline by `cairn monitor`, with and without labels."""

from functools import partial
from pathlib import Path

from bench.measure import Row, in_turn, tell
from bench.project import Project

HERE = Path(__file__).parent
SECONDS, GIBIBYTES = 120.0, 4.0
MONTH = ("--since", "2026-03-01", "--until", "2026-03-31")  # of what make_captured.py makes


def rows(folder: Path, quick: bool) -> list[Row]:
    """Measure the whole command, of two threads: by day, by a hundredth of the rows, and by day with the truth."""
    project = Project(folder / "project")
    n_rows = 100_000 if quick else 10_000_000
    tell(f"  making {n_rows:,} rows")
    made, model = folder / "made", folder / "model"
    project.python(HERE / "make_captured.py", str(n_rows), made)
    project.python(HERE / "batch_model.py", made / "table.parquet", model, "50", "4")
    project.python(HERE / "monitor_baseline.py", made / "table.parquet", model)
    asked = {
        "30 windows of a day": ("--window", "1d"),
        "100 windows by rows": ("--window", str(n_rows // 100)),
        "30 windows of a day, with the truth of all rows": ("--window", "1d", "--labels", made / "labels.parquet"),
    }
    always = ("monitor", "--path", model, "--captured", made / "captured", *MONTH, "--exit-zero", "--output", folder)
    sides = {name: partial(project.python, "-m", "cairn.cli.main", *always, *more) for name, more in asked.items()}
    runs = in_turn(sides, times=1 if quick else 3)
    found = [
        Row.limit(f"monitoring of {n_rows:,} rows x 20, {name}", each, most=SECONDS) for name, each in runs.items()
    ]
    every = [run for each in runs.values() for run in each]
    return [*found, Row.limit("largest of those processes", every, most=GIBIBYTES, unit="GiB")]
