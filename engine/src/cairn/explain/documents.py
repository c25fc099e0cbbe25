"""The typed document of explanations: explanations.json."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cairn.documents import from_json
from cairn.files import read_json

__all__ = ["NoExplanations", "read_explanations"]

Class = bool | int | float | str  # a value of the target
Cell = bool | int | float | str | None  # a value of a feature, as in the table; None: it is missing


@dataclass(frozen=True, kw_only=True)
class ExplainedRows:
    """The number of rows that are explained, and of all rows of the test part."""

    explained: int
    test: int


@dataclass(frozen=True, kw_only=True)
class FeatureContribution:
    """A feature's mean absolute contribution over the rows explained.

    Parameters
    ----------
    feature : its name
    kind : number, category, boolean or time
    mean_abs : over all outputs, in the unit of the explanations
    standard_error : of `mean_abs`, over rows
    mean_abs_by_output : shape (n_outputs,)
    """

    feature: str
    kind: str
    mean_abs: float
    standard_error: float
    mean_abs_by_output: list[float]


@dataclass(frozen=True, kw_only=True)
class FeaturePoints:
    """A feature's contributions to single predictions: its points in the beeswarm plot.

    Parameters
    ----------
    feature, kind : as in `FeatureContribution`
    levels : of a category, the values of the points; None for other kinds
    value : shape (n_points,); of a category its place in `levels`, otherwise its quantile from 0 to 1; None: missing
    contributions : shape (n_outputs, n_points)
    """

    feature: str
    kind: str
    levels: list[str] | None
    value: list[int | float | None]
    contributions: list[list[float]]


@dataclass(frozen=True, kw_only=True)
class SliceContributions:
    """The leading features' mean contributions in a slice of the rows explained.

    Parameters
    ----------
    column : the column that the rows are grouped by
    value : as text; None: the rows where it is missing
    rows : the number of rows
    mean_abs : feature -> its mean absolute contribution; None: too few rows
    mean : feature -> its mean contribution; None: too few rows, or several outputs
    """

    column: str
    value: str | None
    rows: int
    mean_abs: dict[str, float] | None
    mean: dict[str, float] | None


@dataclass(frozen=True, kw_only=True)
class ValueContribution:
    """A feature's value in a row, and its contribution to the prediction."""

    feature: str
    value: Cell
    contribution: float


@dataclass(frozen=True, kw_only=True)
class OtherContributions:
    """The number of the other columns of a row, and the sum of their contributions."""

    columns: int
    contribution: float


@dataclass(frozen=True, kw_only=True)
class Example:
    """A row and the explanation of its prediction.

    Parameters
    ----------
    which : the reasons for its choice
    row : its place in the test part, from 0
    actual : its class or its value of the target
    class_ : the class of the contributions, in JSON `class`; None for a regression
    predicted : the probability of the class, or the value
    base : the sum of contributions starts from it, in the unit of the explanations
    margin : the base and all contributions
    contributions : the largest first
    others : of the other columns
    """

    which: list[str]
    row: int
    actual: Class
    class_: Class | None = field(metadata={"alias": "class"})
    predicted: float
    base: float
    margin: float
    contributions: list[ValueContribution]
    others: OtherContributions


@dataclass(frozen=True, kw_only=True)
class PartialDependence:
    """The predictions of the same rows as one feature changes.

    Parameters
    ----------
    feature, kind : as in `FeatureContribution`
    grid : shape (n_values,); None, the last, is a missing value
    share : shape (n_values,), the share of the rows nearest to each value
    mean : shape (n_outputs, n_values), in probability or in the target's unit
    low, high : shape (n_outputs, n_values), the quartiles of the single rows' curves
    """

    feature: str
    kind: str
    grid: list[Cell]
    share: list[float]
    mean: list[list[float]]
    low: list[list[float]]
    high: list[list[float]]


@dataclass(frozen=True, kw_only=True)
class Explanations:
    """explanations.json: contributions over all rows, by slice and of single rows, and partial dependence.

    Parameters
    ----------
    explained : true
    target : the name of the target
    task : binary, multiclass or regression
    outputs : shape (n_outputs,), the classes that are explained, or for a regression the target
    unit : of contributions: `log-odds`, `probability` or `target unit`
    exact : false where contributions are estimates
    adds_up_within : the largest difference between a prediction and the one that base and contributions add up to,
        rounded up to a power of ten; a probability, or in the target's unit
    rows : the numbers of rows
    base : shape (n_outputs,), the mean of what the contributions start from, in their unit
    features : all features, the largest first
    swarm : the leading features
    slices : by the sensitive columns and the categories
    examples : none where single rows are left out
    dependence : the leading features
    """

    explained: Literal[True] = True
    target: str
    task: str
    outputs: list[Class]
    unit: str
    exact: bool
    adds_up_within: float
    rows: ExplainedRows
    base: list[float]
    features: list[FeatureContribution]
    swarm: list[FeaturePoints]
    slices: list[SliceContributions]
    examples: list[Example]
    dependence: list[PartialDependence]


@dataclass(frozen=True, kw_only=True)
class NoExplanations:
    """explanations.json where nothing is explained.

    Parameters
    ----------
    explained : false
    why : the reason
    """

    explained: Literal[False] = False
    why: str


def read_explanations(path: Path) -> Explanations | NoExplanations:
    """Read explanations.json.

    Raises
    ------
    InputError : a key is missing, or a value has another type
    """
    content = read_json(path)
    if isinstance(content, Mapping) and content.get("explained") is False:
        return from_json(NoExplanations, content, str(path))
    return from_json(Explanations, content, str(path))
