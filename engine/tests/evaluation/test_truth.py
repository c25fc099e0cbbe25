import json

import numpy as np
import pytest

from cairn.documents import to_json
from cairn.evaluation import metrics
from cairn.evaluation.documents import Ceiling
from cairn.evaluation.truth import ceiling


@pytest.fixture
def rows():
    generator = np.random.default_rng(4)
    truth = generator.beta(1, 4, 5000)
    return generator.random(5000) < truth, truth


def figures_of(actual, probability):
    return metrics.figures(metrics.binary(actual, probability, threshold=0.5), len(actual))


def test_the_truth_itself_reaches_all_and_the_base_rate_nothing(rows):
    actual, truth = rows
    full = ceiling(actual, truth, figures_of(actual, truth), prior=0.2)
    assert [full[name].share for name in full] == pytest.approx([1, 1])
    none = ceiling(actual, truth, figures_of(actual, np.full(5000, 0.2)), prior=0.2)
    assert [none[name].share for name in none] == pytest.approx([0, 0], abs=1e-9)


def test_a_model_that_knows_half_lies_between(rows):
    actual, truth = rows
    blurred = np.clip(0.5 * truth + 0.5 * np.random.default_rng(0).permutation(truth), 0.01, 0.99)
    reached = ceiling(actual, truth, figures_of(actual, blurred), prior=actual.mean())
    assert 0 < reached["roc_auc"].share < 1
    assert 0 < reached["log_loss"].share < 1
    assert reached["roc_auc"].best > reached["roc_auc"].model > reached["roc_auc"].chance == 0.5
    assert reached["log_loss"].best < reached["log_loss"].model < reached["log_loss"].chance


def test_the_chance_of_log_loss_is_the_entropy_of_the_prior(rows):
    actual, truth = rows
    share = actual.mean()
    entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
    assert ceiling(actual, truth, figures_of(actual, truth), prior=share)["log_loss"].chance == pytest.approx(entropy)


def test_what_cannot_be_said_of_one_class_is_null():
    actual, truth = np.zeros(10), np.linspace(0, 0.5, 10)
    reached = ceiling(actual, truth, figures_of(actual, truth), prior=0.1)
    assert reached["roc_auc"] == Ceiling(best=None, chance=0.5, model=None, share=None)
    json.dumps(to_json(reached), allow_nan=False)
