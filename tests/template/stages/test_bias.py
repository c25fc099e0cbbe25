"""The stage on a small hat shop, in which women are planted to buy less at equal history, demographics and season."""

import shutil
from pathlib import Path

import pytest

from cairn import config, layout
from cairn.errors import InputError
from cairn.files import read_json
from pipeline.stages import bias, code, compose, features, ingest, split, train, tune

ROOT = Path(__file__).parents[3]
FLIPS = {"neighbours": 5, "rows": 1000, "others": 2000}
NODE = {"_target_": "cairn.bias.audit.audit", "condition": "city", "fliptest": FLIPS}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Give a folder in which all stages before this one have run."""
    folder = tmp_path_factory.mktemp("shop")
    shutil.copytree(ROOT / "conf", folder / "conf")
    shutil.copy(ROOT / "dvc.yaml", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        small = ["data.customers=8000", "search=none", "model.n_estimators=60", "training.refit=false"]
        patch.setattr("sys.argv", ["stage", *small, "split.train=0.4", "split.test=0.5"])
        compose.main()
        patch.setattr("sys.argv", ["stage"])
        for stage in (code, ingest, features, split, tune, train):
            stage.main()
    return folder


@pytest.fixture
def audited(trained, monkeypatch):
    """Run the stage with changed parameters, and give what it wrote."""
    monkeypatch.chdir(trained)
    monkeypatch.setattr("sys.argv", ["stage"])

    def run(node=NODE, **data):
        params = config.read_yaml(config.PARAMS)
        changed = {**params, "data": {**params["data"], **data}, "report": {"bias": node}}
        monkeypatch.setattr(config, "load", lambda: changed)
        bias.main()
        return read_json(layout.BIAS)

    return run


def group(found, name, facet="gender"):
    (record,) = [each for each in found["facets"] if each["facet"] == facet]
    return next(each for each in record["groups"] if each["group"] == name)


def beyond_chance(figure, sign):
    return figure["low"] > 0 if sign > 0 else figure["high"] < 0


def test_the_planted_bias_is_found_in_labels_and_in_predictions_to_the_disadvantage_of_women(audited):
    found = audited()
    women, men = group(found, "female"), group(found, "male")
    for when, measure in [
        ("before", "label_proportion_difference"),
        ("before", "conditional_demographic_disparity"),
        ("after", "predicted_proportion_difference"),
        ("after", "conditional_demographic_disparity_predicted"),
        ("after", "fliptest"),
    ]:
        assert beyond_chance(women[when][measure], 1), measure
        assert beyond_chance(men[when][measure], -1), measure
    assert women["after"]["disparate_impact"]["high"] < 1 < men["after"]["disparate_impact"]["low"]


def test_numbers_are_binned_missing_values_stay_visible_and_pairs_are_crossed(audited):
    found = audited(sensitive=["newsletter", "income"])
    assert [each["facet"] for each in found["facets"]] == ["newsletter", "income", "newsletter x income"]
    assert found["facets"][1]["notes"][0].endswith("cut at quantiles into 4 groups")
    assert group(found, "(missing)", "income")["after"] is not None
    assert len(found["facets"][2]["groups"]) == 2 * 5


def test_a_sensitive_column_that_no_model_sees_is_still_a_facet(audited):
    schema = read_json(layout.SCHEMA)
    assert "asked_at" not in schema["features"]
    found = audited(sensitive=["asked_at"])
    assert found["facets"][0]["groups"][0]["group"].startswith("up to 2025-")


@pytest.mark.parametrize(
    ("node", "data", "line"),
    [
        (NODE, {"sensitive": ["gendre"]}, "data.sensitive: no column 'gendre' in the table (did you mean 'gender'?)"),
        ({**NODE, "condition": "town"}, {}, "report.bias.condition: no column 'town' in the table"),
    ],
)
def test_a_column_that_is_missing_is_one_line_and_nothing_is_written(audited, node, data, line):
    layout.BIAS.unlink(missing_ok=True)
    with pytest.raises(InputError) as refused:
        audited(node, **data)
    assert str(refused.value).startswith(line) and "\n" not in str(refused.value)
    assert not layout.BIAS.exists()


@pytest.mark.parametrize(("node", "data"), [(None, {}), (NODE, {"sensitive": []})])
def test_left_out_it_says_so_without_reading_a_model(audited, monkeypatch, node, data):
    monkeypatch.setattr(bias.saved, "load", lambda _: pytest.fail("the model was read"))
    found = audited(node, **data)
    assert found["facets"] == [] and found["left_out"].keys() == {"all"}
