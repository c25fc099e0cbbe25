"""Promotion as people do it: real git, a bare repository that all share, a DVC remote."""

import json
import subprocess

import pytest
from engine.tests.small_project import JUDGE

from cairn import config
from cairn.cli.models import lineage, models
from cairn.cli.promote import decide, promote, rollback
from cairn.composition import compose_applied
from cairn.errors import InputError
from cairn.registry import tags


def shown() -> list[tuple[str, list[str]]]:
    return [(row["version"], row["stages"]) for row in json.loads(models(as_json=True))]


def test_a_promotion_registers_the_next_version_and_assigns_the_stage(ann):
    assert promote("staging").startswith("v0.0.1 is in staging (model@v0.0.1, model#staging#1); its bytes are in the")
    assert promote("prod").startswith("v0.0.1 is in prod (model#prod#2)")
    ann.commit(2)
    promote("staging", why="better on the young")
    assert shown() == [("v0.0.2", ["staging"]), ("v0.0.1", ["prod"])]
    assert "better on the young" in ann.git("tag", "--list", "--format=%(contents)", "model#staging#3")
    assert "roc_auc: 0.802" in ann.git("tag", "--list", "--format=%(contents)", "model#staging#3")


def test_gto_and_dvc_read_what_was_promoted(ann):
    promote("prod")
    ann.commit(2)
    promote("prod")
    rollback("prod")
    told = json.loads(ann.run("gto", "show", "--json"))["model"]
    assert told["stage"]["prod"] == "v0.0.1"
    ann.run("dvc", "artifacts", "get", ann.clone("bob").folder, "model", "--stage", "prod", "--out", "got")
    assert (ann.folder / "got" / "one").read_text() == "one1"
    assert "number is at least 0" in (ann.folder / "got" / "model_card.md").read_text()


def test_what_is_not_committed_is_not_promoted(ann):
    (ann.folder / "number.txt").write_text("7")
    with pytest.raises(InputError, match=r"^not committed: number\.txt; a version is what a commit says"):
        promote("prod")
    assert tags.read().tags == []


def test_a_commit_whose_gates_failed_is_refused(ann):
    ann.commit(-1)
    with pytest.raises(InputError, match="1 of 1 gates failed: number is at least 0"):
        promote("prod")
    assert ann.git("ls-remote", "--tags", "origin") == ""


def test_a_report_that_was_edited_is_refused(ann):
    ann.commit(-1)
    report = ann.folder / "reports" / "gates.json"
    report.write_text(report.read_text().replace("false", "true"))
    ann.git("commit", "--quiet", "--all", "--message", "Look better")
    with pytest.raises(InputError, match=r"reports/gates\.json is not the one that dvc\.lock knows"):
        promote("prod")


def test_a_report_of_another_model_is_refused(ann):
    (ann.folder / "number.txt").write_text("5")
    ann.run("dvc", "repro", "--quiet", "train")
    ann.git("commit", "--quiet", "--all", "--message", "Train, and do not judge")
    with pytest.raises(InputError, match="is of another model than"):
        promote("prod")


def test_a_model_that_was_packed_with_another_report_is_refused(ann):
    (ann.folder / "judge.py").write_text((ann.folder / "judge.py").read_text().replace("at least 0", "at least 0.0"))
    ann.run("dvc", "repro", "--quiet", "judge")
    ann.git("commit", "--quiet", "--all", "--message", "Judge anew, and do not pack")
    with pytest.raises(InputError, match=r"models/model was made with another reports/gates\.json"):
        promote("prod")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ("not JSON", r"^commit \w{7}: reports/gates\.json: not valid JSON: [^\n]*; the file was changed"),
        ("[]", r"^commit \w{7}: reports/gates\.json: Input should be a dictionary or an instance of GateReport;"),
        ('{"passed": true}', r"^commit \w{7}: reports/gates\.json: gates: Field required; the file was changed"),
        ('{"passed": "yes", "gates": []}', r"reports/gates\.json: passed: Input should be a valid boolean"),
        ('{"passed": true, "gates": [{"gate": "x", "passed": 1}]}', r"reports/gates\.json: gates\.0\.\w+: "),
        ('{"passed": false, "gates": []}', r"reports/gates\.json does not say that the gates passed$"),
    ],
)
def test_a_report_that_is_not_valid_is_one_line(ann, answers, message):
    (ann.folder / "judge.py").write_text(
        JUDGE.replace('json.dumps({"passed": number >= 0, "gates": gates})', repr(answers))
    )
    ann.commit(2)
    with pytest.raises(InputError, match=message) as refused:
        promote("prod")
    assert "\n" not in str(refused.value)


def test_a_stage_that_is_not_known_is_refused(ann):
    with pytest.raises(InputError, match=r"no stage 'prd' \(did you mean 'prod'\?\)"):
        promote("prd")


def test_bytes_that_nobody_has_are_refused(ann):
    subprocess.run(["rm", "-r", ann.folder / ".dvc" / "cache"], check=True)
    subprocess.run(["rm", "-r", ann.folder / "models"], check=True)
    with pytest.raises(InputError, match="is not whole, neither in the cache nor in the remote 'store'"):
        promote("prod", revision=ann.git("rev-parse", "HEAD"))
    assert ann.git("ls-remote", "--tags", "origin") == ""


def test_a_rollback_goes_back_further_each_time(ann):
    for number in (1, 2, 3):
        if number > 1:
            ann.commit(number)
        promote("prod")
    assert rollback("prod").startswith("prod is back from v0.0.3 to v0.0.2")
    assert rollback("prod").startswith("prod is back from v0.0.2 to v0.0.1")
    with pytest.raises(InputError, match=r"prod: no version was here before v0\.0\.1"):
        rollback("prod")


def test_tags_made_by_git_or_gto_count_as_well(ann):
    ann.run("gto", "register", "model", "HEAD", "--version", "v1.0.0")
    ann.git("tag", "--annotate", "model#prod#9", "--message", "by hand")
    assert shown() == [("v1.0.0", ["prod"])]
    ann.commit(2)
    assert promote("staging").startswith("v1.0.1 is in staging (model@v1.0.1, model#staging#10)")


def test_a_tag_that_only_this_clone_has_gives_way_to_the_shared_one(ann):
    bob = ann.clone("bob")
    bob.git("tag", "--annotate", "model@v0.0.1", "--message", "stale")
    promote("prod")
    bob.run("cairn", "promote", "staging")
    assert bob.git("rev-parse", "model@v0.0.1") == ann.git("rev-parse", "model@v0.0.1")
    assert bob.git("tag", "--list") == "model#prod#1\nmodel#staging#2\nmodel@v0.0.1"


def test_a_stage_under_approval_waits_for_another_person(ann):
    for name in ("params.yaml", "conf/registry/default.yaml"):
        settings = ann.folder / name
        settings.write_text(settings.read_text().replace("approval: []", "approval: [prod]"))
        assert "approval: [prod]" in settings.read_text()
    ann.git("commit", "--quiet", "--all", "--message", "Ask for approval")
    ann.git("push", "--quiet")
    assert promote("prod").startswith("v0.0.1 waits for prod (model@v0.0.1, model#prod-pending#1)")
    assert tags.promoted("prod") is None
    with pytest.raises(
        InputError, match=r"^Ann <ann@example\.invalid> asked for v0\.0\.1 in prod: another person has to decide"
    ):
        decide("prod", approve=True)
    bob = ann.clone("bob")
    assert "prod: PendingManualApproval" in bob.run("cairn", "models")
    assert bob.run("cairn", "promote", "prod", "--approve").startswith("v0.0.1 is approved, and in prod")
    assert "prod" in bob.run("cairn", "models")
    with pytest.raises(InputError, match=r"^nothing waits for prod"):
        decide("prod", approve=False)


def test_a_commit_whose_params_are_not_what_its_conf_composes_to_is_refused(ann):
    params = ann.folder / "params.yaml"
    text = params.read_text()
    params.write_text(text.replace("max_depth: 6", "max_depth: 7", 1))
    ann.git("commit", "--quiet", "--all", "--message", "By hand")
    line = (
        r"^commit .*: params\.yaml is not what its conf/ composes to \(model\.max_depth: 7 -> 6\), so its model could"
    )
    with pytest.raises(InputError, match=line):
        promote("prod")
    assert ann.git("tag", "--list") == ""
    (ann.folder / "conf/overrides.yaml").write_text("- model.max_depth=7\n")
    params.write_text(config.dump(compose_applied()))
    ann.git("commit", "--quiet", "--all", "--message", "In conf/")
    (ann.folder / "conf/model/xgboost.yaml").write_text("]")  # it is the commit that counts, not the working tree
    assert promote("prod", revision=ann.git("rev-parse", "HEAD")).startswith("v0.0.1 is in prod")


def test_the_registry_of_another_day(ann):
    promote("prod")
    assert "v0.0.1" in models(at="2999-01-01")
    assert models(at="2020-01-01").startswith("no version yet on 2020-01-01")
    with pytest.raises(InputError, match="--at yesterday: not a day such as 2026-03-01"):
        models(at="yesterday")


def test_lineage_says_what_a_version_was_made_of(ann):
    promote("prod")
    told = lineage("model@v0.0.1")
    assert ann.git("rev-parse", "HEAD") in told
    assert "roc_auc: 0.801" in told
    assert lineage("v0.0.1") == lineage("prod") == lineage("model#prod#1") == told
    with pytest.raises(InputError, match=r"no version 'v0\.0\.2' \(did you mean 'v0\.0\.1'\?\)"):
        lineage("v0.0.2")
