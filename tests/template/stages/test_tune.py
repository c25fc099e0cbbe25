"""A search goes on only where its data, its parameters and its code are still the same."""

import shutil
from pathlib import Path

import pytest

from cairn import layout
from cairn.search import search
from pipeline.stages import tune


@pytest.fixture
def parts(tmp_path, monkeypatch):
    code = tmp_path / "code"
    shutil.copytree(Path(search.__file__).parent, code)
    monkeypatch.setattr(search, "__file__", str(code / "search.py"))
    monkeypatch.chdir(tmp_path)
    for path in (layout.SCHEMA, layout.TRAIN, layout.VALID):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    return code


def params(**more):
    return {"model": {"max_depth": 6}, "search": {"trials": 3}, "split": {}, "seed": 1, "gates": "any", **more}


def test_what_decides_the_trials_names_the_study(parts):
    before = tune.fingerprint(params())
    assert tune.fingerprint(params()) == before
    assert tune.fingerprint(params(gates="others")) == before
    others = [tune.fingerprint(params(seed=2)), tune.fingerprint(params(search={"trials": 4}))]
    layout.TRAIN.write_text("other rows")
    others.append(tune.fingerprint(params()))
    (parts / "learners.py").write_text("# another learner\n")
    others.append(tune.fingerprint(params()))
    assert len({before, *others}) == 5
