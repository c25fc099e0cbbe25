from dataclasses import replace

import numpy as np
import pytest
from engine.tests.monitoring.models import drawn, of, recorded, world
from sklearn.metrics import ndcg_score

from cairn.monitoring.attribution import measure_attribution, ndcg


def test_ndcg_is_that_of_scikit_learn():
    draw = np.random.default_rng(0)
    names = [f"f{place}" for place in range(12)]
    was, now = draw.exponential(size=(2, 12))
    told = ndcg(dict(zip(names, was, strict=True)), dict(zip(names, now, strict=True)))
    assert told == pytest.approx(ndcg_score([was], [now]))


def test_the_same_order_is_one_and_two_that_changed_places_are_less():
    was = {"a": 3.0, "b": 1.0}
    assert ndcg(was, {"a": 0.2, "b": 0.1}) == 1
    # by hand: (1 + 3 / log2(3)) / (3 + 1 / log2(3))
    assert ndcg(was, {"a": 0.1, "b": 0.2}) == pytest.approx((1 + 3 / np.log2(3)) / (3 + 1 / np.log2(3)))


def test_rows_as_before_have_the_same_reasons_and_others_have_not():
    made = world("binary")
    one_age = drawn("binary", 1500, 17).assign(age=54.0)
    served = recorded(made.model, drawn("binary", 1500, 16), one_age)
    found = measure_attribution(served, made.content, model=made.model)
    assert of(found, "ndcg").change < 0.01 and of(found, "mean_abs", "age").p_value > 0.01
    assert of(found, "ndcg", window=1).change > 0.05
    age = of(found, "mean_abs", "age", window=1)
    assert age.value < age.reference and age.change > 0.3 and age.p_value < 1e-6
    assert 800 < age.rows < 1200


def test_estimated_contributions_are_not_waited_for():
    made = world("binary")
    content = replace(made.content, contributions=replace(made.content.contributions, exact=False))
    (told,) = measure_attribution(recorded(made.model, drawn("binary", 300, 18)), content, model=made.model)
    assert told.value is None and "take long" in told.note
