"""Projects that work at once: every stage runs, the model passes its gates, and the project's own tests pass."""

import json
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cairn.evaluation.metrics import MAIN

PUBLIC = Path(__file__).parents[4] / "shared" / "data"
FACTS = {  # what their README says of them: target, task, columns beside it, rows
    "adult.csv.gz": ("income", "binary", 14, 48_842),
    "bank_marketing.csv": ("y", "binary", 16, 45_211),
    "california_housing.csv": ("median_house_value", "regression", 9, 20_640),
    "elec2.csv": ("class", "binary", 6, 45_312),
    "flights_200k.csv": ("delay", "regression", 2, 200_000),
    "telco_churn.csv": ("Churn", "binary", 20, 7_043),
}
# Those of a project's tests that look at its own files; the others stand in the template letter by letter. A third,
# test_project.py, runs the stages once more; it is among all that `make test` runs in the last bake below.
OWN_TESTS = ("engine/tests/test_config.py", "tests/test_graph.py")


def works(person, project, tests=OWN_TESTS):
    """Run every stage and the tests that look at the project, and give what the gates said."""
    person.must("dvc", "repro", "--quiet", cwd=project)
    judged = json.loads((project / "reports" / "gates.json").read_text())
    assert judged["passed"] and judged["gates"]
    assert "All gates passed" in person.must("cairn", "summary", cwd=project)
    assert "up to date" in person.must("dvc", "status", cwd=project), "something is left to run"
    said = person.must("pytest", *tests, cwd=project)
    assert "passed" in said and "failed" not in said
    return judged["gates"]


def own(name: str, draw: np.random.Generator) -> pd.DataFrame:
    """Draw a table with a number, a category, gaps and an answer that follows from them."""
    x, y = draw.normal(size=(2, 3000))
    city = draw.choice(["Oslo", "Rome", "Bonn"], 3000)
    score = x - y + (city == "Rome") + draw.normal(size=3000) / 4
    answer = score if name == "regression" else np.array(["low", "middle", "high"])[np.digitize(score, [-1, 1])]
    return pd.DataFrame({"x": np.where(draw.random(3000) < 0.05, np.nan, x), "y": y, "city": city, "what for": answer})


def test_the_example_works_at_once(person):
    began = time.perf_counter()
    project = person.bake()
    assert time.perf_counter() - began < 30, "it takes a second, and five are promised; thirty mean that it hangs"
    assert person.must("git", "status", "--porcelain", cwd=project) == ""
    works(person, project, OWN_TESTS[1:])  # the others run on the same files among the template's own tests
    changed = person.must("git", "status", "--porcelain", cwd=project).split()[1::2]
    assert {Path(name).parts[0] for name in changed} == {"params.yaml", "dvc.lock", "reports"}


@pytest.mark.slow
def test_the_example_works_at_once_without_monitoring(person):
    project = person.bake(monitoring="no")
    works(person, project)
    assert not (project / "operations").exists()
    known = person.must("cairn", "--help", cwd=project).split()
    assert "lineage" in known and not {"monitor", "retrain"} & set(known)


def test_without_a_network_make_says_so_in_one_line_and_begins_anew_with_one(person):
    project = person.bake()
    done = person.run("make", "run", cwd=project, PIP_INDEX_URL="http://127.0.0.1:9/", PIP_CONFIG_FILE=os.devnull)
    assert done.returncode == 2
    ours, makes = done.stderr.splitlines()
    assert ours.startswith("error: no package can be fetched; is there a network?")
    assert makes.startswith("make: *** ")
    assert not (project / ".venv" / "ready").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["regression", "multiclass"])
def test_a_table_of_ones_own_works_at_once_whatever_is_predicted(person, name):
    own(name, np.random.default_rng(1)).to_csv(person.home / "my table.csv", index=False)
    project = person.bake(data="file", data_path="my table.csv", target="what for", task=name, boosters="yes")
    gates = works(person, project)
    assert [gate["gate"].split(" is ")[1] for gate in gates] == ["better than the dummy's", "not worse than the champion's, beyond chance"]  # fmt: skip
    assert json.loads((project / "reports" / "evaluation.json").read_text())["task"] == name


@pytest.mark.slow
@pytest.mark.parametrize("name", FACTS)
def test_a_public_table_works_at_once(person, name):
    if not (PUBLIC / name).exists():
        pytest.skip(f"{name} is not on this machine")
    (person.home / name).symlink_to(PUBLIC / name)
    target, task, columns, rows = FACTS[name]
    project = person.bake(project_slug="own", data="file", data_path=name, target=target)
    works(person, project)
    schema = json.loads((project / "data" / "interim" / "schema.json").read_text())
    assert (schema["target"], schema["task"], len(schema["features"])) == (target, task, columns)
    measured = json.loads((project / "reports" / "evaluation.json").read_text())
    assert (measured["task"], sum(measured["rows"].values())) == (task, rows)
    main = MAIN[task]
    assert measured["test"][main]["value"] < measured["baseline"]["dummy"][main]


@pytest.mark.slow
def test_make_does_it_all_in_an_environment_of_the_projects_own(person):
    own("multiclass", np.random.default_rng(2)).to_parquet(person.home / "table.parquet")
    project = person.bake(data="file", data_path="table.parquet", target="what for", remote="local", ci="gitlab")
    assert "All gates passed" in person.must("make", "run", cwd=project, PYTHONPATH="")
    person.must("make", "lint", cwd=project, PYTHONPATH="")
    said = person.must("make", "test", cwd=project, PYTHONPATH="")
    assert " passed" in said and " failed" not in said
    locks = {path.name: path.read_text() for path in project.glob("*.lock")}
    person.must("make", "lock", cwd=project, PYTHONPATH="")
    assert {path.name: path.read_text() for path in project.glob("*.lock")} == locks, "a lock holds more than is needed"
