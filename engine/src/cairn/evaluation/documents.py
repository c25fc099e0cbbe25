"""The typed documents of evaluation: evaluation.json, slices.json and gates.json."""

from dataclasses import dataclass, field

from cairn.documents import INLINE, OPTIONAL, STRICT, Inlined

__all__ = ["Evaluation", "GateReport", "Slices"]

Figures = dict[str, float | None]  # metric -> its value; None where it is undefined, such as the recall of one class


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric on the test part with its bootstrap interval; None where it is undefined."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Baselines:
    """The metrics of predictions that need no model.

    Parameters
    ----------
    dummy : of the training part's class shares, or its mean, predicted for each row of the test part
    """

    dummy: Figures


@dataclass(frozen=True, kw_only=True)
class PartRows:
    """The number of rows of each part."""

    train: int
    test: int
    validation: int


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """A metric of the model beside that of the true probabilities, on the same rows; None where it is undefined.

    Parameters
    ----------
    best : of the true probabilities
    chance : without a model: 0.5, or the log loss of the training part's share of positive rows
    model : of the model
    share : (model - chance) / (best - chance); 1 where all that can be learnt is learnt
    """

    best: float | None
    chance: float | None
    model: float | None
    share: float | None


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """evaluation.json: the metrics of a model on each part, and those that need no model.

    Parameters
    ----------
    task : binary, multiclass or regression
    threshold : a row is predicted positive if its probability is at least this; None unless the task is binary
    test : metric -> the figure with its interval
    validation, train : metric -> the figure
    baseline : metrics on the test part without a model
    rows : the numbers of rows
    greater_is_better : metric of the project's own -> its direction; None: there are none
    ceiling : metric -> the best that could be reached; None: the true probabilities are unknown
    """

    task: str
    threshold: float | None
    test: dict[str, Metric]
    validation: Figures
    train: Figures
    baseline: Baselines
    rows: PartRows
    greater_is_better: dict[str, bool] | None = field(default=None, metadata=OPTIONAL)
    ceiling: dict[str, Ceiling] | None = field(default=None, metadata=OPTIONAL)

    def figures(self, part: str) -> Figures:
        """Return the metrics of a part (test, validation or train) without intervals."""
        if part == "test":
            return {name: metric.value for name, metric in self.test.items()}
        return self.validation if part == "validation" else self.train


@dataclass(frozen=True, kw_only=True)
class Slice(Inlined):
    """The metrics of the rows of the test part that share a value.

    Parameters
    ----------
    column : the column that the rows are grouped by
    value : as text; None: the rows where it is missing
    rows : the number of rows
    metrics : metric -> the figure; None for each where there are too few rows
    """

    column: str
    value: str | None
    rows: int
    metrics: Figures = field(metadata=INLINE)


@dataclass(frozen=True, kw_only=True)
class Slices:
    """slices.json: the slices of each column in turn, sorted by value, the missing value last."""

    slices: list[Slice]


@dataclass(frozen=True, kw_only=True)
class MetricDifference:
    """A metric of two models on the same rows; None where it is undefined.

    Parameters
    ----------
    champion, challenger : the figure of each
    difference : challenger - champion
    low, high : the ends of the two-sided interval of the difference, by the paired bootstrap
    worse_beyond_chance : whether the challenger is worse in at least the share `confidence` of the resamples, which is
        a one-sided test
    """

    champion: float | None
    challenger: float | None
    difference: float | None
    low: float | None
    high: float | None
    worse_beyond_chance: bool | None


@dataclass(frozen=True, kw_only=True)
class ChampionComparison:
    """The model beside the champion.

    Parameters
    ----------
    version : of the champion, such as `v0.0.3`
    commit : the hash of the commit that made it
    rows : the number of test rows that both were measured on
    newer_than : the time of the champion's newest row, ISO 8601 or a number, where only later rows were compared;
        None: all rows of the test part were
    metrics : metric -> both figures and their difference
    """

    version: str
    commit: str
    rows: int
    newer_than: str | float | None = None
    metrics: dict[str, MetricDifference]


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """The answer to a gate.

    Parameters
    ----------
    gate : the question in words, such as `roc_auc is at least 0.75`
    metric : the metric, or the measure of bias
    value : the figure; None: it is undefined, or there is no champion
    bound : what the figure was compared with
    passed : whether the model may be promoted as far as this gate is concerned
    why : a remark, such as the slice that the figure is of; may be empty
    """

    gate: str
    metric: str
    value: float | None
    bound: float | None
    passed: bool = field(metadata=STRICT)
    why: str


@dataclass(frozen=True, kw_only=True)
class GateReport:
    """gates.json: the answer to every gate, and the comparison with the champion.

    Parameters
    ----------
    passed : whether every gate passed
    newest : the time of the newest row of all parts, ISO 8601 or a number; None: no column orders the rows
    champion : the comparison; None: nothing is promoted
    gates : in the order of conf/gates
    """

    passed: bool = field(metadata=STRICT)
    newest: str | float | None = None
    champion: ChampionComparison | None = None
    gates: list[GateResult]

    @property
    def failed(self) -> list[GateResult]:
        """The gates that did not pass."""
        return [result for result in self.gates if not result.passed]
