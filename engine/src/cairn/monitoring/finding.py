"""One figure of one window: the unit that alarms, pages and metrics are made from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

Area = Literal[
    "traffic", "quality", "drift", "prediction", "estimate", "performance", "calibration", "bias", "attribution"
]
Status = Literal["ok", "warning", "alarm", "unknown"]  # unknown: too few rows or no labels; the note names which


class Window(NamedTuple):
    """Some of the recorded predictions, by time or by count.

    Parameters
    ----------
    number : 0 for the oldest
    start, end : from `start` on, until just before `end`, in UTC
    rows : the number of rows
    """

    number: int
    start: datetime
    end: datetime
    rows: int


@dataclass(frozen=True)
class Finding:
    """One figure of one window.

    Parameters
    ----------
    window : the window's number
    area : the area of monitoring
    subject : the feature, the group (`gender=female`) or the metric; empty: the window as a whole
    measure : the name of the figure, such as `js_distance`, `missing_share`, `roc_auc`
    value : the figure; None: it could not be computed, and the note gives the reason
    reference : the same figure of the baseline, or of the reference window; None: there is none
    change : the distance from the reference, in the measure's own units; larger is worse, 0 and below is no fault. It
        is compared with the limits of conf/monitor; None: shown, and never an alarm
    p_value : of "nothing has changed", corrected for all tests of the window and area; None: not a test
    low, high : the interval of `value`; None: it has none
    rows : the rows that the figure was computed from
    note : an assumption, or a reason
    status : the result of comparing `change` with the limits; `cairn.monitoring.verdict` sets it
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
