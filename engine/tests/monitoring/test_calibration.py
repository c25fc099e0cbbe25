import numpy as np
import pytest
from engine.tests.monitoring.outcomes import of
from scipy.stats import norm

from cairn.monitoring.calibration import MARGIN, calibration
from cairn.rows.signature import Column, Signature

ABOUT = Signature([Column("age", "number")], target="bought", task="binary", classes=[False, True])
BINS = [{"rows": 998, "predicted": 0.1, "actual": 0.1}, {"rows": 998, "predicted": 0.6, "actual": 0.6}]
CONTENT = {"calibration": {"bounds": [0.3], "bins": BINS}, "metrics": {}}


def window(low: float, high: float) -> list:
    """Say 0.1 of 200 rows and 0.6 of 200 others, of which these shares are positive."""
    said = np.repeat([0.1, 0.6], 200)
    actual = np.concatenate([np.arange(200) < 200 * low, np.arange(200) < 200 * high]).astype(int)
    return calibration(0, np.column_stack([1 - said, said]), actual, CONTENT, ABOUT)


def test_the_shift_and_its_test_by_hand():
    told = of(window(0.2, 0.7), "positive_share")
    assert told.value == pytest.approx(0.45) and told.reference == pytest.approx(0.35)
    assert told.change == pytest.approx(0.1 / 0.35)
    shares = [(0.1 * 998 + 1) / 1000, (0.6 * 998 + 1) / 1000]
    variance = sum(0.25 * share * (1 - share) * (1 / 200 + 1 / 998) for share in shares)
    alone = 2 * norm.sf((0.1 - MARGIN * 0.35) / variance**0.5)
    assert alone <= told.p_value <= 2 * alone * 1.0001


def test_gaps_that_cancel_are_found_by_bins():
    found = window(0.25, 0.45)
    assert of(found, "positive_share").change == pytest.approx(0)
    told = of(found, "calibration_error")
    assert told.value == pytest.approx(0.15) and 0 < told.change < 0.15 and told.p_value < 0.001


def test_a_gap_that_the_baseline_had_too_is_none():
    bins = [BINS[0] | {"actual": 0.2}, BINS[1] | {"actual": 0.7}]
    said = np.repeat([0.1, 0.6], 200)
    actual = np.concatenate([np.arange(200) < 40, np.arange(200) < 140]).astype(int)
    content = {"calibration": {"bounds": [0.3], "bins": bins}, "metrics": {}}
    found = calibration(0, np.column_stack([1 - said, said]), actual, content, ABOUT)
    assert of(found, "positive_share").change == pytest.approx(0) and of(found, "calibration_error").change < 0
