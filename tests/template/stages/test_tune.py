"""A search goes on only where its data, its parameters and its code are still the same."""

import pytest

from cairn import layout
from pipeline.stages import tune


@pytest.fixture
def parts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in (layout.SCHEMA, layout.TRAIN, layout.VALID, layout.CODE / "tune.txt"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)


def params(**more):
    return {
        "model": {"max_depth": 6},
        "search": {"trials": 3},
        "split": {"_target_": "cairn.tables.split.stratified"},
        "seed": 1,
        "gates": "any",
        "evaluation": {"metrics": {}},
        **more,
    }


def test_what_decides_the_trials_names_the_study(parts):
    before = tune.fingerprint(params())
    assert tune.fingerprint(params()) == before
    assert tune.fingerprint(params(gates="others")) == before
    others = [tune.fingerprint(params(seed=2)), tune.fingerprint(params(search={"trials": 4}))]
    layout.TRAIN.write_text("other rows")
    others.append(tune.fingerprint(params()))
    (layout.CODE / "tune.txt").write_text("0123 cairn.search.search\n")
    others.append(tune.fingerprint(params()))
    assert len({before, *others}) == 5
