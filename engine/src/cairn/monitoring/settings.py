"""What is looked at, and when a change is a warning or an alarm: what conf/monitor says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, get_args

from cairn.errors import InputError, did_you_mean
from cairn.monitoring.finding import Area
from cairn.monitoring.timespec import span

__all__ = ["Settings"]

AREAS: tuple[Area, ...] = get_args(Area)
LEVELS = ("warning", "alarm")
LIMITS: dict[str, dict[str, Any]] = {
    "traffic": {"warning": None, "alarm": None},
    "quality": {"warning": 0.01, "alarm": 0.05},
    "drift": {"warning": 0.05, "alarm": 0.1},
    "prediction": {"warning": 0.05, "alarm": 0.1},
    "estimate": {"warning": 0.15, "alarm": 0.3},
    "performance": {"warning": 0.1, "alarm": 0.2},
    "calibration": {"warning": 0.1, "alarm": 0.2},
    "bias": {"warning": 0.1, "alarm": 0.2},
    "attribution": {"warning": 0.1, "alarm": 0.2},
}
NOTIFY = {"least": "alarm", "timeout": 10, "page": None}


@dataclass(frozen=True)
class Settings:
    """What conf/monitor says.

    Parameters
    ----------
    since : how far back it looks
    window : predictions that are judged together: a span of time, such as `6h`, or a number of rows
    least_rows : a window with fewer is counted, but not judged
    significance : a test with a smaller p-value has found a change; of all tests of a window and area together
    captured : the folders with recorded predictions; None: conf/serve's `capture_folder`
    labels : a table with the truth, a path or an address; None: there is none yet
    labels_key : the column that it shares with the predictions: `request_id`, or an id that requests bring
    limits : area -> `warning` and `alarm`, the change from which on it is one, or None: never; a measure that is named
        beside them has limits of its own
    notify : `least`, what is told: `alarm`, `warning` or `never`; `timeout`, seconds that a webhook may take; `page`,
        the address where people find the report, or None
    retrain : what an alarm starts, as cairn.monitoring.retraining says; None: nothing
    """

    since: str = "7d"
    window: str | int = "1d"
    least_rows: int = 200
    significance: float = 0.002
    captured: list[str] | None = None
    labels: str | None = None
    labels_key: str = "request_id"
    limits: dict[str, Any] = field(default_factory=lambda: LIMITS)
    notify: dict[str, Any] = field(default_factory=lambda: NOTIFY)
    retrain: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        span(self.since, "since")
        if isinstance(self.window, str):
            span(self.window, "window")
        elif self.window < 1:
            raise InputError(f"window: {self.window} rows are none; choose 1 or more, or a span such as 1d")
        if self.least_rows < 1:
            raise InputError(f"least_rows: {self.least_rows} is below 1")
        if not 0 < self.significance < 1:
            raise InputError(f"significance: {self.significance} is not between 0 and 1")
        for area, limits in self.limits.items():
            if area not in AREAS:
                raise InputError(f"limits.{area}: no such area {did_you_mean(area, AREAS)}")
            _require_limits(limits, f"limits.{area}", own=True)
        _require_notify(self.notify)

    @property
    def length(self) -> timedelta | int:
        """Give a window's length, in time or in rows."""
        return span(self.window, "window") if isinstance(self.window, str) else self.window

    def limits_of(self, area: Area, measure: str) -> tuple[float | None, float | None]:
        """Give the change from which on a measure is a warning, and an alarm; None: never."""
        limits = self.limits.get(area, {})
        limits = limits.get(measure, limits)
        return limits.get("warning"), limits.get("alarm")


def _require_limits(limits: Any, where: str, *, own: bool) -> None:
    """Refuse limits that mean nothing; those of an area may hold some of its measures' own."""
    if not isinstance(limits, Mapping) or not set(LEVELS) <= set(limits):
        raise InputError(f"{where}: {limits!r} is not understood; give warning and alarm, each a number or null")
    for key, value in limits.items():
        if key not in LEVELS and own:
            _require_limits(value, f"{where}.{key}", own=False)
        elif key not in LEVELS:
            raise InputError(f"{where}.{key}: no such limit {did_you_mean(key, LEVELS)}")
        elif value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise InputError(f"{where}.{key}: {value!r} is no number of 0 or more, and not null")
    if None not in (limits["warning"], limits["alarm"]) and limits["warning"] > limits["alarm"]:
        raise InputError(f"{where}: a warning from {limits['warning']} on comes after the alarm, {limits['alarm']}")


def _require_notify(notify: Mapping[str, Any]) -> None:
    for key in notify:
        if key not in NOTIFY:
            raise InputError(f"notify.{key}: no such key {did_you_mean(key, NOTIFY)}")
    if notify.get("least", "alarm") not in (*LEVELS, "never"):
        raise InputError(f"notify.least: {notify['least']!r} is none of alarm, warning, never")
    timeout = notify.get("timeout", 10)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout <= 0:
        raise InputError(f"notify.timeout: {timeout!r} is no number of seconds above 0")
