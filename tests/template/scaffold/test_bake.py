"""A project that works at once, in an environment of its own, with the library from the wheel that it carries."""

import os
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.template.scaffold.conftest import Person, build_wheel, commit


def write_table(path, seed: int = 1) -> None:
    """Write a table with a number, a category, gaps and a class that follows from them."""
    draw = np.random.default_rng(seed)
    x, y = draw.normal(size=(2, 3000))
    city = draw.choice(["Oslo", "Rome", "Bonn"], 3000)
    bought = x - y + (city == "Rome") + draw.normal(size=3000) / 4 > 0
    gaps = np.where(draw.random(3000) < 0.05, np.nan, x)
    pd.DataFrame({"x": gaps, "y": y, "city": city, "what for": bought.astype(int)}).to_csv(path, index=False)


def test_without_a_network_make_prints_one_line_and_begins_anew_with_one(person):
    project = person.bake()
    done = person.run("make", "run", cwd=project, PIP_INDEX_URL="http://127.0.0.1:9/", PIP_CONFIG_FILE=os.devnull)
    assert done.returncode == 2
    ours, makes = done.stderr.splitlines()
    assert ours.startswith("error: no package can be fetched; is there a network?")
    assert makes.startswith("make: *** ")
    assert not (project / ".venv" / "ready").exists()


@pytest.mark.slow
def test_a_table_of_ones_own_becomes_a_gated_model_and_an_upgrade_runs_what_it_changed(person: Person):
    write_table(person.home / "my table.csv")
    project = person.bake(data="file", data_path="my table.csv", target="what for", remote="local")
    alone = {"PYTHONPATH": "", "PATH": os.environ["PATH"], "VIRTUAL_ENV": ""}
    assert "All gates passed" in person.must("make", "run", cwd=project, **alone)
    code = "import cairn; print(cairn.__file__)"
    assert str(project / ".venv") in person.must(project / ".venv/bin/python", "-c", code, cwd=project, **alone)
    person.must("make", "lint", cwd=project, **alone)
    printed = person.must("make", "test", cwd=project, **alone)
    assert " passed" in printed and " failed" not in printed
    commit(person, project, "The first model")

    clone = person.home / "elsewhere" / "clone"
    person.must("git", "clone", "--quiet", project, clone)
    uv = (project / ".venv/bin/uv", "pip", "install", "--quiet", "--no-deps", "--target", person.home / "site")
    lock = (clone / "requirements.lock").read_text()
    (clone / "wheel.lock").write_text(lock[lock.index("vendor/") :].split("\ncelery")[0] + "\n")
    person.must(*uv, "--require-hashes", "--requirement", "wheel.lock", cwd=clone, **alone)
    shutil.rmtree(clone.parent)

    if "code" not in yaml.safe_load((project / "dvc.yaml").read_text())["stages"]:
        pytest.skip("dvc.yaml has no stage `code` yet: every stage depends on vendor/ as a whole")
    newer = build_wheel(person.home, version="9.0.0", change="tables/split.py")
    person.must("make", "upgrade", f"WHEEL={newer}", cwd=project, **alone)
    person.must("make", "environment", cwd=project, **alone)
    ran = person.must("make", "run", cwd=project, **alone)
    stages = set(yaml.safe_load((project / "dvc.yaml").read_text())["stages"])
    again = {stage for stage in stages if f"Running stage '{stage}'" in ran}
    assert "split" in again and not again & {"compose", "ingest", "features", "profile", "tune", "train"}
