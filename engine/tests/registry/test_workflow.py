"""The workflow that looks at promotions: its own commands, run on tags that were made rightly and by hand."""

import os
import subprocess

import pytest
import yaml
from engine.tests.small_project import ROOT

from cairn.cli.promote import promote


@pytest.mark.slow
def test_the_workflow_verifies_a_promotion_and_refuses_one_by_hand(ann, tmp_path):
    workflow = yaml.safe_load((ROOT / ".github/workflows/promotion.yml").read_text())
    steps = [step["run"] for step in workflow["jobs"]["verify"]["steps"] if step.get("name") not in (None, "Set up")]
    assert len(steps) == 2
    promote("prod")
    ann.commit(-1)
    ann.git("tag", "-a", "model@v0.0.2", "-m", "by hand")
    ann.git("tag", "-a", "model#prod#2", "-m", "by hand")

    def verified(tag: str) -> list[int]:
        place = {"TAG": tag, "RUNNER_TEMP": str(tmp_path / tag), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
        commands = [["bash", "-e", "-c", step] for step in steps]
        return [subprocess.run(each, env={**os.environ, **place}, check=False).returncode for each in commands]

    assert verified("model#prod#1") == [0, 0]
    assert (tmp_path / "model#prod#1" / "model" / "one").read_text() == "one1"
    assert "roc_auc: 0.801" in (tmp_path / "summary.md").read_text()
    assert verified("model#prod#2")[0] == 1
