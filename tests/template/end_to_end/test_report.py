"""The report and the card in a real project: left out by one choice, and fetched with what is promoted."""

import json

import pytest


def must(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_one_choice_leaves_the_report_out_and_keeps_gates_and_card(finished, run):
    must(run(["dvc", "exp", "run", "-S", "report=none"], finished))
    assert "The report was left out" in (finished / "reports/index.html").read_text()
    assert list((finished / "reports/profile").iterdir()) == list((finished / "reports/explanations").iterdir()) == []
    assert json.loads((finished / "reports/profile.json").read_text()) == {"profiled": False}
    assert json.loads((finished / "reports/bias.json").read_text())["facets"] == []
    assert json.loads((finished / "reports/explanations.json").read_text())["explained"] is False
    card = (finished / "models/model/model_card.md").read_text()
    assert "All gates passed." in card and "Not measured: " in card and "Not explained: " in card


@pytest.mark.slow
def test_whoever_fetches_a_promoted_model_has_its_card(finished, run, tmp_path):
    must(run(["cairn", "promote", "prod"], finished))
    must(run(["dvc", "artifacts", "get", ".", "model", "--stage", "prod", "--out", tmp_path / "got"], finished))
    card = (finished / "reports/model_card.md").read_text()
    assert (tmp_path / "got/model_card.md").read_text() == card
    assert card.startswith("# Model card: Hat coupons")
    data = json.loads((finished / "models/model/metadata.json").read_text())["data"]
    assert all(md5 in card for md5 in data.values())
    raw = must(run(["cairn", "lineage", "prod"], finished)).split("data/raw: ")[1].split("\n")[0]
    assert raw in card, "the card names the data as the lineage does"
