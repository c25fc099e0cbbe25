"""Compare a measure of bias with the bound of a gate: of one group, or of the worst one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cairn.bias.catalogue import CLASSES, NUMBERS, Measure
from cairn.bias.documents import BiasReport, FacetReport, Figure, NoBiasReport
from cairn.bias.facets import MISSING, name
from cairn.errors import InputError, did_you_mean


class Question(NamedTuple):
    """A bound of a measure, with the names of cairn.evaluation.gates.Gate.

    Parameters
    ----------
    metric : the measure
    threshold : the allowed distance from the fair figure, either way; of a ratio, 0.8 allows 0.8 to 1.25
    greater : true: a minimum, false: a maximum, one way alone; None: either way
    slice : column -> value of a single group
    worst_slice : the facet whose groups are compared, such as `gender` or `gender x city`; `any`: all facets
    """

    metric: str
    threshold: float
    greater: bool | None = None
    slice: Mapping[str, Any] | None = None
    worst_slice: str | None = None

    @property
    def measure(self) -> Measure:
        """The measure of the catalogue."""
        return {**NUMBERS, **CLASSES}[self.metric]  # a measure in both differs in its function alone

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest ratio that is allowed."""
        return min(self.threshold, 1 / self.threshold), max(self.threshold, 1 / self.threshold)

    @property
    def words(self) -> str:
        """The bound as text: `is at most 0.05 either way`."""
        if self.greater is not None:
            return f"is at {'least' if self.greater else 'most'} {self.threshold:g}"
        if self.measure.fair:
            return "is from {:g} to {:g}".format(*self.ends)
        return f"is at most {self.threshold:g}" + (" either way" if self.measure.signed else "")

    def badness(self, figure: float) -> float:
        """Return a number that orders figures: larger is worse."""
        if self.greater is None:
            return self.measure.unfairness(figure)
        return -figure if self.greater else figure

    def bound(self, figure: float | None) -> float:
        """Return the bound; of a ratio the one on the figure's side."""
        if self.greater is None and self.measure.fair:
            return self.ends[figure is not None and figure > self.measure.fair]
        return self.threshold


def require(
    question: Question, facets: Sequence[Sequence[str]] | None, left_out: Mapping[str, str], where: str
) -> None:
    """Check that bias.json can answer a question.

    Parameters
    ----------
    question : of a gate
    facets : the columns of each facet; None: not known yet
    left_out : measure, or `all` -> the reason why it is not measured
    where : the gate's place, for the message

    Raises
    ------
    InputError : the measure is left out, there is no group or more than one, the facet is unknown, or the bound invalid
    """
    metric, measure = question.metric, question.measure
    if why := left_out.get(metric, left_out.get("all")):
        raise InputError(f"{where}.metric: {metric} is not measured: {why}")
    if question.greater is None and (question.threshold < 0 or (measure.fair and question.threshold == 0)):
        least = "above 0" if measure.fair else "0 or more"
        raise InputError(f"{where}.threshold: {question.threshold:g} bounds no {metric}; write a number {least}")
    if not measure.of_groups:
        if question.slice or question.worst_slice:
            raise InputError(f"{where}: {metric} is of all rows; leave out slice and worst_slice")
    elif bool(question.slice) == bool(question.worst_slice):
        raise InputError(f"{where}: {metric} is of groups; write worst_slice: any, or slice: {{column: value}}")
    elif facets is not None:
        _require_facet(question, facets, where)


def answer(question: Question, bias: BiasReport | NoBiasReport, where: str) -> dict[str, Any]:
    """Look up the measured figure, and compare it with the bound.

    Parameters
    ----------
    question : of a gate
    bias : the measured figures
    where : the gate's place, for the message

    Returns
    -------
    dict : `value`, `bound`, `passed` and `why`; a missing figure does not pass

    Raises
    ------
    InputError : as `require`, or there is no such group
    """
    require(question, [facet.columns for facet in bias.facets], bias.left_out, where)
    if isinstance(bias, NoBiasReport):
        raise InputError(f"{where}.metric: {question.metric} is not measured: bias.json has no groups")
    figures = list(_figures(question, bias))
    if question.slice and not figures:
        groups = [group.group for facet in _facets(question, bias) for group in facet.groups]
        raise InputError(f"{where}.slice: no group {_group(question)!r} {did_you_mean(_group(question), groups)}")
    measured = [(whose, figure.value) for whose, figure in figures if figure.value is not None]
    if not measured:
        why = "no group has a figure"
        if len(figures) == 1:
            ((whose, figure),) = figures
            why = "; ".join(filter(None, [whose, figure.why]))
        return {"value": None, "bound": question.bound(None), "passed": False, "why": why}
    whose, value = max(measured, key=lambda pair: question.badness(pair[1]))
    passed = question.badness(value) <= question.badness(question.threshold)
    return {"value": value, "bound": question.bound(value), "passed": passed, "why": whose}


def _require_facet(question: Question, facets: Sequence[Sequence[str]], where: str) -> None:
    names = [name(columns) for columns in facets]
    if question.worst_slice not in (None, "any", *names):
        nearest = did_you_mean(str(question.worst_slice), names)
        raise InputError(f"{where}.worst_slice: {question.worst_slice!r} is not in data.sensitive {nearest}")
    if question.slice and not any(set(columns) == set(question.slice) for columns in facets):
        sliced = name(list(question.slice))
        raise InputError(f"{where}.slice: {sliced!r} is not in data.sensitive {did_you_mean(sliced, names)}")


def _figures(question: Question, bias: BiasReport) -> Iterator[tuple[str, Figure]]:
    """Return the figures that a question is about, each with the name of its group."""
    when, multiclass = question.measure.when, bias.task == "multiclass"
    if not question.measure.of_groups:
        for outcome in bias.all_rows:
            yield f"class {outcome.positive}" if multiclass else "", outcome.after[question.metric]
    for facet in _facets(question, bias):
        for group in facet.groups:
            if question.slice and group.group != _group(question, facet.columns):
                continue
            name = f"{facet.facet} {group.group}, {group.rows_of(when):,} rows"
            name += f", class {facet.positive}" if multiclass else ""
            figures = group.figures(when)
            yield name, figures[question.metric] if figures else Figure(value=None, why="too few rows")


def _facets(question: Question, bias: BiasReport) -> list[FacetReport]:
    if not question.measure.of_groups:
        return []
    if question.slice:
        return [facet for facet in bias.facets if set(facet.columns) == set(question.slice)]
    return [facet for facet in bias.facets if question.worst_slice in ("any", facet.facet)]


def _group(question: Question, columns: Sequence[str] | None = None) -> str:
    """Return the name of the slice's group in bias.json."""
    values = question.slice or {}
    return ", ".join(MISSING if values[column] is None else str(values[column]) for column in columns or values)
