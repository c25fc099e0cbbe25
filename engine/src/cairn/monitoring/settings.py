"""The settings of conf/monitor: which predictions are measured, and which change is a warning or an alarm."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, get_args

from cairn.errors import InputError, did_you_mean
from cairn.monitoring.finding import Area
from cairn.monitoring.timespec import parse_span

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
    """The settings of conf/monitor.

    Parameters
    ----------
    since : the time from which on predictions are measured
    window : predictions that are judged together: a span of time, such as `6h`, or a number of rows
    least_rows : a window with fewer rows is counted, but not judged
    significance : a test with a smaller p-value is a change; for all tests of a window and area together
    captured : the folders with recorded predictions; None: conf/serve's `capture_folder`
    labels : a table with the labels, a path or an address; None: there is none yet
    labels_key : the column that joins labels to predictions: `request_id`, or a feature that is an id
    limits : area -> the `warning` and the `alarm`: the smallest change that is one, or None: never; a measure that is
        named beside them has its own limits
    notify : `least`: send an `alarm`, also a `warning`, or `never`; `timeout`: seconds for a webhook; `page`: the
        address of the report's page, or None
    retrain : the arguments of cairn.monitoring.retraining.Retraining that an alarm starts; None: nothing
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
        """Check every setting."""
        parse_span(self.since, "since")
        if isinstance(self.window, str):
            parse_span(self.window, "window")
        elif self.window < 1:
            raise InputError(f"window: must be at least 1 row, or a span such as 1d; got {self.window}")
        if self.least_rows < 1:
            raise InputError(f"least_rows: must be at least 1; got {self.least_rows}")
        if not 0 < self.significance < 1:
            raise InputError(f"significance: must be between 0 and 1; got {self.significance}")
        for area, limits in self.limits.items():
            if area not in AREAS:
                raise InputError(f"limits.{area}: no such area {did_you_mean(area, AREAS)}")
            _check_limits(limits, f"limits.{area}", nested=True)
        _check_notify(self.notify)

    @property
    def length(self) -> timedelta | int:
        """The length of a window, in time or in rows."""
        return parse_span(self.window, "window") if isinstance(self.window, str) else self.window

    def limits_of(self, area: Area, measure: str) -> tuple[float | None, float | None]:
        """Return the smallest change of a measure that is a warning, and that is an alarm; None: never."""
        limits = self.limits.get(area, {})
        limits = limits.get(measure, limits)
        return limits.get("warning"), limits.get("alarm")


def _check_limits(limits: Any, where: str, *, nested: bool) -> None:
    """Check limits; those of an area may contain limits of single measures."""
    if not isinstance(limits, Mapping) or not set(LEVELS) <= set(limits):
        raise InputError(f"{where}: {limits!r} must have warning and alarm, each a number or null")
    for key, value in limits.items():
        if key not in LEVELS and nested:
            _check_limits(value, f"{where}.{key}", nested=False)
        elif key not in LEVELS:
            raise InputError(f"{where}.{key}: no such limit {did_you_mean(key, LEVELS)}")
        elif value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise InputError(f"{where}.{key}: {value!r} must be a number of at least 0, or null")
    if None not in (limits["warning"], limits["alarm"]) and limits["warning"] > limits["alarm"]:
        raise InputError(f"{where}: the warning, {limits['warning']}, must not be above the alarm, {limits['alarm']}")


def _check_notify(notify: Mapping[str, Any]) -> None:
    for key in notify:
        if key not in NOTIFY:
            raise InputError(f"notify.{key}: no such key {did_you_mean(key, NOTIFY)}")
    if notify.get("least", "alarm") not in (*LEVELS, "never"):
        raise InputError(f"notify.least: {notify['least']!r} must be alarm, warning or never")
    timeout = notify.get("timeout", 10)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout <= 0:
        raise InputError(f"notify.timeout: {timeout!r} must be a number of seconds above 0")
