"""The typed documents of monitoring: baseline.json, part of a model, and monitoring.json, the result of a run."""

from dataclasses import dataclass, field
from typing import Any

from cairn.documents import OPTIONAL
from cairn.evaluation.documents import Metric
from cairn.monitoring.finding import Area, Finding, Status

Range = list[float]  # the lowest and the highest


@dataclass(frozen=True, kw_only=True)
class ColumnCounts:
    """Rows of a column, or of the prediction, by bin.

    Parameters
    ----------
    kind : the column's kind; of the prediction `probability`, `class` or `value`
    edges, levels : the bins, see `cairn.monitoring.histograms.Bins`; one of the two
    rows : by bin
    missing : rows without a value
    """

    kind: str
    edges: list[float] | None = field(default=None, metadata=OPTIONAL)
    levels: list[str] | None = field(default=None, metadata=OPTIONAL)
    rows: list[int]
    missing: int


@dataclass(frozen=True, kw_only=True)
class PeriodDistances:
    """The largest Jensen-Shannon distances of past periods of one length from the whole, chance left out.

    Parameters
    ----------
    seconds : the length of a period
    windows : the number of periods
    columns : feature -> distance; a feature that never differed is left out
    prediction : the same of the prediction
    """

    seconds: int
    windows: int
    columns: dict[str, float]
    prediction: float


@dataclass(frozen=True, kw_only=True)
class BaselineRows:
    """Rows that the baseline counts: those with known inputs, and those with predictions (the test part)."""

    inputs: int
    predictions: int


@dataclass(frozen=True, kw_only=True)
class CalibrationBin:
    """Test rows with similar predictions: their number, mean prediction and mean outcome."""

    rows: int
    predicted: float
    actual: float


@dataclass(frozen=True, kw_only=True)
class ErrorBin(CalibrationBin):
    """The same of a regression, with the means of the absolute, squared and fourth power of the error."""

    absolute: float
    squared: float
    fourth: float


@dataclass(frozen=True, kw_only=True)
class LogitMap:
    """A calibration of one class: logit(p) -> intercept + slope logit(p)."""

    intercept: float = 0.0
    slope: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Predictions and outcomes of the test part, by bins of the prediction.

    Parameters
    ----------
    bounds : between the bins, sorted
    bins : one more than bounds; of a regression ErrorBin
    maps : one for each class, for two classes one, of the last; None for a regression
    """

    bounds: list[float]
    bins: list[ErrorBin] | list[CalibrationBin]
    maps: list[LogitMap] | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True, kw_only=True)
class EstimatedMetric(Metric):
    """A metric on the test part, and its estimate from the model's probabilities.

    Parameters
    ----------
    estimated : the estimate on the same rows
    error : standard deviation of the metric over other labels of these rows
    spread : standard error of the estimate over other rows
    """

    estimated: float | None
    error: float | None
    spread: float | None


@dataclass(frozen=True, kw_only=True)
class SliceMetric:
    """The main metric of a slice of the test part, with its estimate as in `EstimatedMetric`."""

    column: str
    level: str
    rows: int
    value: float
    estimated: float | None
    error: float | None
    spread: float | None


@dataclass(frozen=True, kw_only=True)
class GroupCounts:
    """Rows of each group of a sensitive column.

    Parameters
    ----------
    bounds : that cut a number into groups; None: each value is a group
    groups : name -> counts[actual class][predicted class]
    """

    bounds: list[float] | None
    groups: dict[str, list[list[int]]]


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """A feature's mean absolute contribution and its standard error."""

    mean_abs: float
    standard_error: float


@dataclass(frozen=True, kw_only=True)
class Contributions:
    """Mean contributions on the test part.

    Parameters
    ----------
    exact : false where contributions are estimates
    unit : as in explanations.json
    features : feature -> its contribution
    """

    exact: bool
    unit: str
    features: dict[str, Contribution]


@dataclass(frozen=True, kw_only=True)
class NoContributions:
    """The reason why there are no contributions."""

    why: str


@dataclass(frozen=True, kw_only=True)
class AttributionRanges:
    """The ranges of NDCG and of each feature's mean absolute contribution over past periods."""

    ndcg: Range | None = field(default=None, metadata=OPTIONAL)
    features: dict[str, Range] | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True, kw_only=True)
class OutcomeRanges:
    """The ranges of figures over past periods.

    Parameters
    ----------
    days : the length of a period
    periods : the number of periods
    estimated : metric -> range of its estimate
    groups : column -> group -> class -> measure of bias -> range
    attribution : ranges of contributions
    """

    days: int
    periods: int
    estimated: dict[str, Range] | None = field(default=None, metadata=OPTIONAL)
    groups: dict[str, dict[str, dict[str, dict[str, Range]]]] | None = field(default=None, metadata=OPTIONAL)
    attribution: AttributionRanges | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True, kw_only=True)
class OutcomeBaseline:
    """The part of the baseline that outcomes are compared with.

    Parameters
    ----------
    rows : of the test part
    calibration : predictions and outcomes by bin
    metrics : name -> the metric on the test part
    slices : the main metric of each slice that was large enough
    groups : sensitive column -> counts of its groups
    not_compared : sensitive column -> the reason why its groups are not compared
    contributions : of each feature
    history : ranges over past periods; None: there is no time, or too few rows
    """

    rows: int
    calibration: Calibration
    metrics: dict[str, EstimatedMetric | Metric]
    slices: list[SliceMetric]
    groups: dict[str, GroupCounts]
    not_compared: dict[str, str]
    contributions: Contributions | NoContributions
    history: OutcomeRanges | None


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """baseline.json: counts of a model's features and predictions, and its outcomes; it contains no row of the data.

    Parameters
    ----------
    format : version of the document
    task : binary, multiclass or regression
    rows : the numbers of rows
    columns : feature -> its rows by bin
    prediction : the same of the prediction
    history : distances over past periods of several lengths; None: there is no time
    expected : the outcomes; None: they were not measured
    """

    format: int
    task: str
    rows: BaselineRows
    columns: dict[str, ColumnCounts]
    prediction: ColumnCounts
    history: list[PeriodDistances] | None
    expected: OutcomeBaseline | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True, kw_only=True)
class MonitoredModel:
    """The model whose predictions were measured; `version`, `stage` and `commit` are None for a local folder."""

    name: str
    version: str | None
    stage: str | None
    commit: str | None = None
    folder: str
    task: str
    target: str
    classes: list[Any] | None


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What the windows are compared with: the `baseline`, or `recorded` predictions of a time."""

    kind: str
    rows: int
    since: str | None
    until: str | None


@dataclass(frozen=True, kw_only=True)
class Request:
    """The arguments of the run."""

    since: str | None
    until: str | None
    window: str | int
    captured: list[str]
    labels: str | None


@dataclass(frozen=True, kw_only=True)
class RowCounts:
    """Rows recorded, rows with a label (None: no labels were given), and rows of other versions."""

    recorded: int
    labelled: int | None
    others: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """Rows by bin of a feature or of the prediction, the last place for missing values.

    Parameters
    ----------
    kind, edges, levels : as in `ColumnCounts`
    reference : rows of the reference
    windows : the window's number -> its rows
    """

    kind: str
    edges: list[float] | None
    levels: list[str] | None
    reference: list[int]
    windows: dict[str, list[int]]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The settings that findings were judged by, as conf/monitor has them."""

    least_rows: int
    significance: float
    limits: dict[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class AreaStatus:
    """An area's status, and the window that decides it; None: no window could be judged."""

    window: int | None
    status: Status


@dataclass(frozen=True, kw_only=True)
class WindowSummary:
    """A window with its worst status, that of each area, and the number of findings of each status.

    `labelled` is None where no labels were given; `full` is false while the window may still get rows.
    """

    number: int
    start: str
    end: str
    rows: int
    labelled: int | None
    full: bool
    status: Status
    areas: dict[Area, Status]
    counts: dict[Status, int]


@dataclass(frozen=True, kw_only=True)
class MonitoringReport:
    """monitoring.json: all findings of a run, with the status of each area and window."""

    format: int
    status: Status
    made: str
    model: MonitoredModel
    reference: Reference
    asked: Request
    rows: RowCounts
    distributions: dict[str, Distribution] = field(default_factory=dict)
    prediction: Distribution | None = None
    troubles: list[str]
    rules: Limits
    areas: dict[Area, AreaStatus]
    windows: list[WindowSummary]
    alarms: list[Finding]
    warnings: list[Finding]
    findings: list[Finding]
