"""Ten million rows through ingest, features and split, beside one process in which DuckDB copies them once."""

from functools import partial, reduce
from operator import add
from pathlib import Path

from bench.measure import Row, Run, in_turn, tell
from bench.project import PYTHON, Project

ASKED, GIBIBYTES = 2.0, 6.0
MAKE = Path(__file__).with_name("make_table.py")
STAGES = ("ingest", "features", "split")
ONCE = """
import sys, duckdb
duckdb.sql(f"COPY (FROM '{sys.argv[1]}') TO '{sys.argv[2]}' (FORMAT parquet)")
"""


def rows(folder: Path, quick: bool) -> list[Row]:
    """Measure for a CSV file and for a Parquet file: 7 floats, 3 integers, 3 categories, an id and a 0/1 target."""
    project = Project(folder / "project")
    n_rows = 20_000 if quick else 10_000_000
    sources = {"CSV": folder / "table.csv", "Parquet": folder / "table.parquet"}
    tell(f"  making {n_rows:,} rows")
    project.python(MAKE, str(n_rows), *sources.values())
    found, all_runs = [], []
    for kind, path in sources.items():
        project.edit("conf/config.yaml", data="file")
        project.edit("conf/data/file.yaml", path=path, target="target", id="id")
        project.python("-m", "pipeline.stages.compose")
        sides = {
            "ours": partial(_three_stages, project),
            "once": partial(_once, project, path, folder / "once.parquet"),
        }
        runs = in_turn(sides, times=1 if quick else 3)
        all_runs += runs["ours"]
        what = f"ingest, features, split of {n_rows:,} rows x 15 from {kind}"
        found.append(Row.of(what, runs, "ours", "once", beside=f"DuckDB: {kind} to Parquet once", asked=ASKED))
    return [*found, Row.limit("largest of those processes", all_runs, most=GIBIBYTES, unit="GiB")]


def _three_stages(project: Project) -> Run:
    return reduce(add, [project.python("-m", f"pipeline.stages.{stage}") for stage in STAGES])


def _once(project: Project, path: Path, output: Path) -> Run:
    output.unlink(missing_ok=True)
    return project.run(PYTHON, "-c", ONCE, path, output)
