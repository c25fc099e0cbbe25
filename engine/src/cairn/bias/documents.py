"""The typed document of bias: bias.json."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cairn.documents import OPTIONAL, from_json
from cairn.files import read_json

__all__ = ["NoBiasReport", "read_bias"]

Class = bool | int | float | str  # a value of the target


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A measure of bias with its interval.

    Parameters
    ----------
    value : in the unit of the measure: shares for classes, the target's unit for differences of means; None: it is
        undefined
    low, high : the ends of the interval; None: the measure has no interval, or no value
    why : the reason why there is no value; None: there is one
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    why: str | None = field(default=None, metadata=OPTIONAL)


Figures = dict[str, Figure]  # measure -> its figure


@dataclass(frozen=True, kw_only=True)
class PartRows:
    """The number of rows of the training part and of the test part."""

    train: int
    test: int


@dataclass(frozen=True, kw_only=True)
class FliptestSettings:
    """The settings of the fliptest.

    Parameters
    ----------
    neighbours : the number of nearest rows
    rows, others : the most rows of a group, and of the others, that are drawn
    seed : of the draw
    """

    neighbours: int
    rows: int
    others: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class MeasureDescription:
    """A measure of the catalogue; see `cairn.bias.catalogue.Measure`.

    Parameters
    ----------
    symbol : as in Das et al. (2021); may be empty
    title : for people
    above : the meaning of a figure above the fair one
    when : `before` training (of labels) or `after` it (of predictions)
    fair : the figure of groups that are treated alike: 0, of a ratio 1
    signed : whether the sign shows which side is at a disadvantage; otherwise the figure is never below 0
    """

    symbol: str
    title: str
    above: str
    when: str
    fair: float
    signed: bool


@dataclass(frozen=True, kw_only=True)
class AllRows:
    """The measures of all rows of the test part at once, for one positive class."""

    positive: Class
    after: Figures


@dataclass(frozen=True, kw_only=True)
class GroupReport:
    """The measures of a group, compared with all other rows of its facet.

    Parameters
    ----------
    group : the values, joined by commas
    values : column -> the value as text
    rows : the numbers of rows
    too_small : the reasons why a part has no figures
    before : measure -> the figure of the training part's labels; None: too few rows
    after : measure -> the figure of the test part's predictions; None: too few rows
    """

    group: str
    values: dict[str, str]
    rows: PartRows
    too_small: list[str]
    before: Figures | None
    after: Figures | None

    def figures(self, when: str) -> Figures:
        """Return the figures `before` or `after` training; none where there are too few rows."""
        return (self.before if when == "before" else self.after) or {}

    def rows_of(self, when: str) -> int:
        """Return the number of rows that figures `before` or `after` training are of."""
        return self.rows.train if when == "before" else self.rows.test


@dataclass(frozen=True, kw_only=True)
class FacetReport:
    """The groups of a facet, for one positive class.

    Parameters
    ----------
    facet : its name: `gender`, or `gender x city`
    columns : one or two
    positive : the class that is compared with the rest; None for a regression
    notes : how values were joined to few groups
    skipped : the reason why nothing is compared; None: the groups are
    groups : the groups; none where the facet is skipped
    """

    facet: str
    columns: list[str]
    positive: Class | None
    notes: list[str]
    skipped: str | None
    groups: list[GroupReport]


@dataclass(frozen=True, kw_only=True)
class BiasReport:
    """bias.json: the measures of bias by facet and group.

    Parameters
    ----------
    task : binary, multiclass or regression
    rows : the numbers of rows
    compared : which rows are compared, as text
    confidence : the probability of the intervals, from 0 to 1
    min_rows : the fewest rows of a group, and of the rows outside it, that are measured
    condition : the column whose groups are the strata of the conditional disparities; None: there is none
    fliptest : its settings; None: it is left out
    left_out : measure -> the reason why it is not measured
    measures : measure -> its description; all measures of the task
    all_rows : measures that do not compare groups, for each positive class; none for a regression
    facets : for each positive class, each facet
    """

    task: str
    rows: PartRows
    compared: str
    confidence: float
    min_rows: int
    condition: str | None
    fliptest: FliptestSettings | None
    left_out: dict[str, str]
    measures: dict[str, MeasureDescription]
    all_rows: list[AllRows]
    facets: list[FacetReport]


@dataclass(frozen=True, kw_only=True)
class NoBiasReport:
    """bias.json where no bias is measured.

    Parameters
    ----------
    facets : always empty
    left_out : `all` -> the reason
    """

    facets: list[FacetReport] = field(default_factory=list)
    left_out: dict[str, str]


def read_bias(path: Path) -> BiasReport | NoBiasReport:
    """Read bias.json.

    Raises
    ------
    InputError : a key is missing, or a value has another type
    """
    content = read_json(path)
    if isinstance(content, Mapping) and "measures" not in content and content.get("facets") == []:
        return from_json(NoBiasReport, content, str(path))
    return from_json(BiasReport, content, str(path))
