"""Five million rows scored by `cairn predict`, beside a plain script that reads all of them, predicts and writes."""

from functools import partial
from pathlib import Path

from bench.measure import Row, Run, in_turn, tell
from bench.project import PYTHON, Project

HERE = Path(__file__).parent
RATE, GIBIBYTES = 0.7, 2.0  # of the script's rows a second, at least; of memory, at most
SAME = """
import sys, pyarrow.dataset as ds
column = [ds.dataset(path, format=path.rpartition('.')[2]).to_table(columns=['probability_1']) for path in sys.argv[1:]]
sys.exit(not column[0].equals(column[1]))
"""


def rows(folder: Path, quick: bool) -> list[Row]:
    """Measure for Parquet and for CSV: 7 floats, 3 integers, 3 categories, an id and a target; 300 trees of depth 6."""
    project = Project(folder / "project")
    n_rows = 50_000 if quick else 5_000_000
    tell(f"  making {n_rows:,} rows")
    sources = {"Parquet": folder / "table.parquet", "CSV": folder / "table.csv"}
    project.python(HERE / "make_table.py", str(n_rows), *sources.values())
    model = folder / "model"
    project.python(HERE / "batch_model.py", sources["Parquet"], model)
    found, all_runs = [], []
    for kind, path in sources.items():
        outputs = {side: folder / f"{side}{path.suffix}" for side in ("ours", "script")}
        sides = {
            "ours": partial(_predict, project, model, path, outputs["ours"]),
            "script": partial(project.python, HERE / "batch_plain.py", model, path, outputs["script"]),
        }
        runs = in_turn(sides, times=1 if quick else 3)
        project.run(PYTHON, "-c", SAME, *outputs.values())
        all_runs += runs["ours"]
        what = f"cairn predict, {n_rows:,} rows x 15, {kind}"
        found.append(Row.of(what, runs, "ours", "script", beside=f"script: {kind}, all at once", asked=1 / RATE))
        for output in outputs.values():
            output.unlink()
    return [*found, Row.limit("largest of those processes", all_runs, most=GIBIBYTES, unit="GiB")]


def _predict(project: Project, model: Path, source: Path, output: Path) -> Run:
    return project.python("-m", "cairn.cli.main", "predict", "--path", model, source, output)
