"""What monitoring says, figure by figure: the one shape that alarms, pages and metrics are made from."""

from datetime import datetime
from typing import Literal, NamedTuple

Area = Literal[
    "traffic", "quality", "drift", "prediction", "estimate", "performance", "calibration", "bias", "attribution"
]
Status = Literal["ok", "warning", "alarm", "unknown"]  # unknown: too few rows, no labels; the note says which


class Window(NamedTuple):
    """Some of the recorded predictions, by time or by count.

    Parameters
    ----------
    number : 0 for the oldest
    start, end : from then on, and until just before then, in UTC
    rows : how many
    """

    number: int
    start: datetime
    end: datetime
    rows: int


class Finding(NamedTuple):
    """One figure of one window.

    Parameters
    ----------
    window : the window's number
    area : what it is about
    subject : the feature, the group (`gender=female`) or the metric; empty: the window as a whole
    measure : the name of the figure, such as `js_distance`, `missing_share`, `roc_auc`
    value : the figure; None: it could not be had, and the note says why
    reference : the same figure of the baseline, or of the reference window; None: there is none
    change : how far off it is, in the measure's own units; larger is worse, 0 and below is no trouble. What the limits
        of conf/monitor are held against; None: shown, and never an alarm
    p_value : of "nothing has changed", corrected for all tests of the window and area; None: not a test
    low, high : the interval of `value`; None: it has none
    rows : that it was counted on
    note : an assumption, or a reason, in words
    status : what the limits say; set by `cairn.monitoring.verdict`
    """

    window: int
    area: Area
    subject: str
    measure: str
    value: float | None
    reference: float | None = None
    change: float | None = None
    p_value: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0
    note: str = ""
    status: Status = "unknown"
