"""The gate compares with the model that the production tag names, wherever its bytes are kept."""

import json
import shutil

GATE = ["python", "-m", "pipeline.stages.gate"]


def must(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def promote(run, project):
    must(run(["gto", "register", "model", "--version", "v1.0.0"], project))
    must(run(["gto", "assign", "model", "--version", "v1.0.0", "--stage", "prod"], project))


def set_depth(project, depth):
    conf = project / "conf/model/xgboost.yaml"
    conf.write_text(conf.read_text().replace("max_depth: 6", f"max_depth: {depth}", 1))


def test_without_a_promoted_model_the_gate_on_the_champion_passes_and_says_so(finished):
    gates = json.loads((finished / "reports/gates.json").read_text())
    assert gates["champion"] is None
    assert "no champion at stage prod yet" in gates["gates"][-1]["why"]


def test_a_model_is_no_worse_than_itself(finished, run):
    promote(run, finished)
    must(run(GATE, finished))
    gates = json.loads((finished / "reports/gates.json").read_text())
    compared = gates["champion"]["metrics"]["log_loss"]
    assert (gates["passed"], gates["champion"]["version"]) == (True, "v1.0.0")
    assert (compared["difference"], compared["low"], compared["high"]) == (0, 0, 0)


def test_a_model_that_learnt_nothing_is_worse_than_the_champion_beyond_chance(finished, run):
    promote(run, finished)
    done = run(["dvc", "exp", "run", "-S", "model=dummy"], finished)
    assert done.returncode != 0
    gates = json.loads((finished / "reports/gates.json").read_text())
    assert not gates["passed"]
    assert gates["champion"]["metrics"]["log_loss"]["worse_beyond_chance"]
    assert "error: 2 of 2 gates failed" in done.stdout + done.stderr


def test_a_champion_whose_bytes_are_nowhere_is_named_with_what_to_do(finished, run):
    promote(run, finished)
    set_depth(finished, 2)
    must(run(["dvc", "repro"], finished))
    must(run(["git", "commit", "--all", "--quiet", "--message", "Shallow trees"], finished))
    shutil.rmtree(finished / ".dvc/cache")
    done = run(GATE, finished)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(lines) == 1, done.stderr
    assert "neither in the cache nor in the remote: `dvc fetch` it" in lines[0]
    assert "Traceback" not in done.stderr
