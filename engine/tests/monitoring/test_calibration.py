import numpy as np
import pytest
from engine.tests.monitoring.models import of
from scipy.stats import norm

from cairn.monitoring.calibration import TOLERATED_GAP, measure_calibration
from cairn.monitoring.documents import Calibration, CalibrationBin, NoContributions, OutcomeBaseline
from cairn.rows.signature import Column, Signature

ABOUT = Signature([Column("age", "number")], target="bought", task="binary", classes=[False, True])


def outcomes(low: float, high: float) -> OutcomeBaseline:
    """Return a baseline in which these shares of rows with 0.1 and 0.6 were positive."""
    bins = [
        CalibrationBin(rows=998, predicted=0.1, actual=low),
        CalibrationBin(rows=998, predicted=0.6, actual=high),
    ]
    return OutcomeBaseline(
        rows=1996,
        calibration=Calibration(bounds=[0.3], bins=bins),
        metrics={},
        slices=[],
        groups={},
        not_compared={},
        contributions=NoContributions(why="not here"),
        history=None,
    )


def window(low: float, high: float) -> list:
    """Predict 0.1 for 200 rows and 0.6 for 200 others, of which these shares are positive."""
    said = np.repeat([0.1, 0.6], 200)
    actual = np.concatenate([np.arange(200) < 200 * low, np.arange(200) < 200 * high]).astype(int)
    return measure_calibration(0, np.column_stack([1 - said, said]), actual, outcomes(0.1, 0.6), ABOUT)


def test_the_shift_and_its_test_by_hand():
    told = of(window(0.2, 0.7), "positive_share")
    assert told.value == pytest.approx(0.45) and told.reference == pytest.approx(0.35)
    assert told.change == pytest.approx(0.1 / 0.35)
    shares = [(0.1 * 998 + 1) / 1000, (0.6 * 998 + 1) / 1000]
    variance = sum(0.25 * share * (1 - share) * (1 / 200 + 1 / 998) for share in shares)
    alone = 2 * norm.sf((0.1 - TOLERATED_GAP * 0.35) / variance**0.5)
    assert alone <= told.p_value <= 2 * alone * 1.0001


def test_gaps_that_cancel_are_found_by_bins():
    found = window(0.25, 0.45)
    assert of(found, "positive_share").change == pytest.approx(0)
    told = of(found, "calibration_error")
    assert told.value == pytest.approx(0.15) and 0 < told.change < 0.15 and told.p_value < 0.001


def test_a_gap_that_the_baseline_had_too_is_none():
    said = np.repeat([0.1, 0.6], 200)
    actual = np.concatenate([np.arange(200) < 40, np.arange(200) < 140]).astype(int)
    found = measure_calibration(0, np.column_stack([1 - said, said]), actual, outcomes(0.2, 0.7), ABOUT)
    assert of(found, "positive_share").change == pytest.approx(0) and of(found, "calibration_error").change < 0
