"""Hold a measure of bias against a bound, as a gate asks it: of one group, or of the one treated least alike."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cairn.bias.catalogue import CLASSES, NUMBERS, Measure
from cairn.bias.facets import MISSING, name
from cairn.errors import InputError, did_you_mean

Record = Mapping[str, Any]


class Question(NamedTuple):
    """What is asked of a measure; the names are those of cairn.evaluation.gates.Gate.

    Parameters
    ----------
    metric : the measure
    threshold : how far a figure may be from the fair one, either way; of a ratio, 0.8 allows 0.8 to 1.25
    greater : true: a least, false: a most, one way alone; None: either way
    slice : column -> value of the one group that is asked about
    worst_slice : the facet whose groups are asked about, such as `gender` or `gender x city`; `any`: all of them
    """

    metric: str
    threshold: float
    greater: bool | None = None
    slice: Record | None = None
    worst_slice: str | None = None

    @property
    def measure(self) -> Measure:
        """What is measured."""
        return {**NUMBERS, **CLASSES}[self.metric]  # what both have differs in its function alone

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest ratio that is allowed either way."""
        return min(self.threshold, 1 / self.threshold), max(self.threshold, 1 / self.threshold)

    @property
    def words(self) -> str:
        """The bound in words: `is at most 0.05 either way`."""
        if self.greater is not None:
            return f"is at {'least' if self.greater else 'most'} {self.threshold:g}"
        if self.measure.fair:
            return "is from {:g} to {:g}".format(*self.ends)
        return f"is at most {self.threshold:g}" + (" either way" if self.measure.signed else "")

    def badness(self, figure: float) -> float:
        """Order figures: the greater, the worse."""
        if self.greater is None:
            return self.measure.unfairness(figure)
        return -figure if self.greater else figure

    def bound(self, figure: float | None) -> float:
        """Give the bound; of a ratio the one on the figure's side."""
        if self.greater is None and self.measure.fair:
            return self.ends[figure is not None and figure > self.measure.fair]
        return self.threshold


def require(
    question: Question, facets: Sequence[Sequence[str]] | None, left_out: Mapping[str, str], where: str
) -> None:
    """Refuse a question that nothing could answer.

    Parameters
    ----------
    question : one
    facets : the columns of each facet that there is; None: not known yet
    left_out : measure, or `all` -> why it is not measured
    where : the gate's place, for the message

    Raises
    ------
    InputError : a measure that is left out, no group or one too many, an unknown facet, a bound that means nothing
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


def answer(question: Question, found: Record, where: str) -> dict[str, Any]:
    """Look up what was measured, and hold it against the bound.

    Parameters
    ----------
    question : one
    found : the content of bias.json
    where : the gate's place, for the message

    Returns
    -------
    dict : `value`, `bound`, `passed` and `why`; what has no figure does not pass

    Raises
    ------
    InputError : as `require`, or there is no such group
    """
    require(question, [each["columns"] for each in found["facets"]], found["left_out"], where)
    asked = list(_asked(question, found))
    if question.slice and not asked:
        groups = [each["group"] for facet in _facets(question, found) for each in facet["groups"]]
        raise InputError(f"{where}.slice: no group {_group(question)!r} {did_you_mean(_group(question), groups)}")
    known = [(whose, figure["value"]) for whose, figure in asked if figure["value"] is not None]
    if not known:
        why = "; ".join([asked[0][0], asked[0][1]["why"]]) if len(asked) == 1 else "no group has a figure"
        return {"value": None, "bound": question.bound(None), "passed": False, "why": why.removeprefix("; ")}
    whose, value = max(known, key=lambda each: question.badness(each[1]))
    passed = question.badness(value) <= question.badness(question.threshold)
    return {"value": value, "bound": question.bound(value), "passed": passed, "why": whose}


def _require_facet(question: Question, facets: Sequence[Sequence[str]], where: str) -> None:
    known = [name(columns) for columns in facets]
    if question.worst_slice not in (None, "any", *known):
        nearest = did_you_mean(str(question.worst_slice), known)
        raise InputError(f"{where}.worst_slice: {question.worst_slice!r} is not in data.sensitive {nearest}")
    if question.slice and not any(set(columns) == set(question.slice) for columns in facets):
        asked = name(list(question.slice))
        raise InputError(f"{where}.slice: {asked!r} is not in data.sensitive {did_you_mean(asked, known)}")


def _asked(question: Question, found: Record) -> Iterator[tuple[str, Record]]:
    """Give the figures that a question is about, each with whose it is."""
    when, part = question.measure.when, "train" if question.measure.when == "before" else "test"
    several = found["task"] == "multiclass"
    if not question.measure.of_groups:
        for each in found["all_rows"]:
            yield f"class {each['positive']}" if several else "", each["after"][question.metric]
    for facet in _facets(question, found):
        for group in facet["groups"]:
            if question.slice and group["group"] != _group(question, facet["columns"]):
                continue
            whose = f"{facet['facet']} {group['group']}, {group['rows'][part]:,} rows"
            whose += f", class {facet['positive']}" if several else ""
            yield whose, group[when][question.metric] if group[when] else {"value": None, "why": "too few rows"}


def _facets(question: Question, found: Record) -> list[Record]:
    if not question.measure.of_groups:
        return []
    if question.slice:
        return [each for each in found["facets"] if set(each["columns"]) == set(question.slice)]
    return [each for each in found["facets"] if question.worst_slice in ("any", each["facet"])]


def _group(question: Question, columns: Sequence[str] | None = None) -> str:
    """Name the group of a slice as bias.json does."""
    wanted = question.slice or {}
    return ", ".join(MISSING if wanted[each] is None else str(wanted[each]) for each in columns or wanted)
