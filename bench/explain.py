"""A million rows explained as the stage `explain` does, beside a plain script that asks XGBoost for them at once."""

from functools import partial
from pathlib import Path

from bench.measure import Row, in_turn, tell
from bench.project import PYTHON, Project

HERE = Path(__file__).parent
ASKED, GIBIBYTES = 1.2, 2.0
SAME = """
import sys, numpy as np, pyarrow.parquet as pq
known, columns = np.load(sys.argv[2]), pq.read_table(sys.argv[1])["contributions"].combine_chunks().flatten()
sys.exit(not all(np.array_equal(column, known[:, place]) for place, column in enumerate(columns)))
"""


def rows(folder: Path, quick: bool) -> list[Row]:
    """Measure for 13 columns (7 floats, 3 integers, 3 categories) and 200 trees of depth 3, like the default job's."""
    project = Project(folder / "project")
    n_rows = 20_000 if quick else 1_000_000
    tell(f"  making {n_rows:,} rows")
    table, model = folder / "table.parquet", folder / "model"
    project.python(HERE / "make_table.py", str(n_rows), table)
    project.python(HERE / "batch_model.py", table, model, "200", "3")
    ours, plain = folder / "ours.parquet", folder / "plain.npy"
    sides = {
        "ours": partial(project.python, HERE / "explain_all.py", model, table, ours),
        "script": partial(project.python, HERE / "explain_plain.py", model, table, plain),
    }
    runs = in_turn(sides, times=1 if quick else 3)
    project.run(PYTHON, "-c", SAME, ours, plain)
    what = f"explanations of {n_rows:,} rows x 13, all reports, Parquet"
    return [
        Row.of(what, runs, "ours", "script", beside="script: read, XGBoost's pred_contribs, at once", asked=ASKED),
        Row.limit("largest of those processes", runs["ours"], most=GIBIBYTES, unit="GiB"),
    ]
