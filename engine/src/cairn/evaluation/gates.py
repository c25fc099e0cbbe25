"""Gates: the conditions of a promotion, with the keys of MLflow (threshold, min_absolute_change, ...)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from cairn.bias import bounds
from cairn.bias.catalogue import MEASURES
from cairn.bias.documents import BiasReport, NoBiasReport
from cairn.bias.facets import combined
from cairn.errors import InputError, did_you_mean
from cairn.evaluation.documents import ChampionComparison, Evaluation, GateResult, Slice, Slices
from cairn.evaluation.metrics import GREATER_IS_BETTER, MAIN, NAMES
from cairn.evaluation.slices import worst
from cairn.number_text import plain

__all__ = ["Gate", "judge", "table"]

NO_BIAS = NoBiasReport(left_out={"all": "bias.json is missing"})


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A condition on a metric of a model; conf/gates/*.yaml has a list of them.

    Parameters
    ----------
    metric : a metric of the task, or a measure of bias; `auto` is the task's main metric (log_loss, or rmse)
    threshold : the bound, itself allowed
    greater_is_better : whether the bound is a minimum or a maximum; None: as the metric has it, and bias either way
    part : test, validation or train
    slice : only the rows of one group: {column: value}; of bias, two columns name a crossed group
    worst_slice : the worst group of this column, or of `any` column; of bias, also of `gender x city`
    baseline : better than the `dummy` or the `champion`, in place of a threshold
    min_absolute_change : better by at least this much
    min_relative_change : better by at least this share of the baseline's figure
    not_worse : of the champion: fails only if the model is worse beyond chance
    """

    metric: str
    threshold: float | None = None
    greater_is_better: bool | None = None
    part: str = "test"
    slice: Mapping[str, Any] | None = None
    worst_slice: str | None = None
    baseline: str | None = None
    min_absolute_change: float | None = None
    min_relative_change: float | None = None
    not_worse: bool = False

    @property
    def greater(self) -> bool:
        """Whether greater is better."""
        return GREATER_IS_BETTER[self.metric] if self.greater_is_better is None else self.greater_is_better

    @property
    def bias(self) -> bounds.Question | None:
        """The question to a measure of bias; None of a metric."""
        if self.threshold is None or not any(self.metric in measures for measures in MEASURES.values()):
            return None
        return bounds.Question(self.metric, self.threshold, self.greater_is_better, self.slice, self.worst_slice)

    @property
    def words(self) -> str:
        """The gate as text: `roc_auc of the worst gender is at least 0.72`."""
        what = self.metric if self.part == "test" else f"{self.metric} on {self.part}"
        if self.slice:
            what += " of " + ", ".join(f"{column} {value}" for column, value in self.slice.items())
        if self.worst_slice:
            what += f" of the worst {'slice' if self.worst_slice == 'any' else self.worst_slice}"
        if self.bias:
            return f"{what} {self.bias.words}"
        if self.threshold is not None:
            return f"{what} is at {'least' if self.greater else 'most'} {self.threshold:g}"
        if self.not_worse:
            return f"{what} is not worse than the champion's, beyond chance"
        by = [f"{self.min_absolute_change:g}"] if self.min_absolute_change is not None else []
        by += [f"{100 * self.min_relative_change:g} %"] if self.min_relative_change is not None else []
        return f"{what} is better than the {self.baseline}'s" + (f" by {' and '.join(by)}" if by else "")


def judge(
    evaluation: Evaluation,
    slices: Slices,
    champion: ChampionComparison | None = None,
    bias: BiasReport | NoBiasReport | None = None,
    *,
    gates: Sequence[Mapping[str, Any]],
    champion_stage: str = "prod",
) -> list[GateResult]:
    """Check a model against every gate.

    Parameters
    ----------
    evaluation, slices : the documents of the model
    champion : the comparison with the champion; None: nothing is promoted
    bias : the measures of bias; None: no gate needs it
    gates : each with the keys of `Gate`
    champion_stage : the registry's stage whose model is the champion

    Returns
    -------
    list : a result for each gate; an undefined figure does not pass, but without a champion the gates on it pass

    Raises
    ------
    InputError : a gate has an unknown key, is ambiguous, or needs a figure that was not measured
    """
    results = []
    for number, keys in enumerate(gates):
        where = f"gates.gates[{number}]"
        gate = parse(keys, evaluation.task, where, evaluation.greater_is_better)
        if gate.bias:
            answer = bounds.answer(gate.bias, bias or NO_BIAS, where)
            results.append(GateResult(gate=gate.words, metric=gate.metric, **answer))
        elif gate.baseline == "champion":
            results.append(_compare_with_champion(gate, champion, champion_stage))
        elif gate.baseline == "dummy":
            value, dummy = _measured(gate, evaluation, where), evaluation.baseline.dummy.get(gate.metric)
            results.append(_compare_with_baseline(gate, value, dummy, "the dummy"))
        else:
            results.append(_compare_with_threshold(gate, *_select(gate, evaluation, slices.slices, where)))
    return results


def check(
    gates: Sequence[Mapping[str, Any]],
    task: str,
    sensitive: Sequence[str] | None = None,
    left_out: Mapping[str, str] | None = None,
    own: Mapping[str, bool] | None = None,
) -> None:
    """Check every gate, before there is a model to judge.

    Parameters
    ----------
    gates : as in YAML
    task : binary, multiclass or regression; for `auto`, a gate must be valid for one of them
    sensitive : the columns whose groups bias is measured for; None: not known
    left_out : measure of bias, or `all` -> the reason why it is not measured
    own : metric of the project's own -> whether greater is better

    Raises
    ------
    InputError : as `parse`, and a gate on bias whose facet or measure will not be measured
    """
    facets = None if sensitive is None else combined(sensitive)
    for number, keys in enumerate(gates):
        tasks = list(NAMES) if task == "auto" else [task]
        errors = []
        for candidate in tasks:
            try:
                gate = parse(keys, candidate, f"gates[{number}]", own)
                if gate.bias:
                    bounds.require(gate.bias, facets, left_out or {}, f"gates[{number}]")
            except InputError as error:
                errors.append(error)
        if len(errors) == len(tasks):
            raise errors[0]


def parse(keys: Mapping[str, Any], task: str, where: str, own: Mapping[str, bool] | None = None) -> Gate:
    """Parse the keys of a gate.

    Parameters
    ----------
    keys : as in YAML
    task : binary, multiclass or regression
    where : the gate's place, for the message
    own : metric of the project's own -> whether greater is better

    Raises
    ------
    InputError : an unknown key, metric or choice, or not exactly one of `threshold` and `baseline`
    """
    names = [field.name for field in fields(Gate)]
    if not isinstance(keys, Mapping):
        raise InputError(
            f"{where}: {keys!r} is no gate; write keys and values, such as {{metric: auto, baseline: dummy}}"
        )
    for key in keys:
        if key not in names:
            raise InputError(f"{where}: no key {key!r} {did_you_mean(key, names)}")
    metric = keys.get("metric", "auto")
    metric = MAIN[task] if metric == "auto" else metric
    directions = own or {}
    metrics = [*NAMES[task], *MEASURES[task], *directions]
    if metric not in metrics:
        raise InputError(f"{where}.metric: no {metric!r} for a {task} target {did_you_mean(metric, metrics)}")
    _require_valid_values(keys, where)
    own_direction = {"greater_is_better": directions[metric]} if metric in directions else {}
    gate = Gate(**{**own_direction, **keys, "metric": metric})
    if metric in MEASURES[task]:
        _require_threshold_alone(gate, where)
    else:
        _require_one_condition(gate, where)
    return gate


def table(results: Sequence[GateResult]) -> str:
    """Format the results for a terminal: pass or FAIL, gate, figure, bound and remark."""
    rows = [("", "gate", "figure", "bound", "")]
    for result in results:
        status = "pass" if result.passed else "FAIL"
        rows.append((status, result.gate, plain(result.value), plain(result.bound), result.why))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = (
        f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}  {row[4]}"
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _require_valid_values(keys: Mapping[str, Any], where: str) -> None:
    choices = {"part": ("test", "validation", "train"), "baseline": ("dummy", "champion", None)}
    for key, allowed in choices.items():
        if keys.get(key, allowed[0]) not in allowed:
            raise InputError(f"{where}.{key}: no {keys[key]!r} {did_you_mean(keys[key], filter(None, allowed))}")
    for key in ("threshold", "min_absolute_change", "min_relative_change"):
        if isinstance(keys.get(key), bool) or not isinstance(keys.get(key), int | float | None):
            raise InputError(f"{where}.{key}: {keys[key]!r} is no number")
    if not isinstance(keys.get("slice"), Mapping | None):
        raise InputError(f"{where}.slice: {keys['slice']!r} names no group; write {{column: value}}")


def _require_one_condition(gate: Gate, where: str) -> None:
    changes = gate.min_absolute_change is not None or gate.min_relative_change is not None
    problem = None
    if (gate.threshold is None) == (gate.baseline is None):
        problem = "give either a threshold or a baseline (dummy, champion); two questions are two gates"
    elif gate.threshold is not None and (changes or gate.not_worse):
        problem = "min_absolute_change, min_relative_change and not_worse compare with a baseline; name it"
    elif gate.baseline and (gate.slice or gate.worst_slice or gate.part != "test"):
        problem = "a baseline is measured on the whole test part; give slices and other parts a threshold"
    elif gate.not_worse and (gate.baseline != "champion" or changes):
        problem = "not_worse asks only whether the champion is better beyond chance; write baseline: champion"
    elif (gate.slice or gate.worst_slice) and gate.part != "test":
        problem = "slices are measured on the test part alone; leave out part"
    elif gate.slice and (gate.worst_slice or len(gate.slice) > 1):
        problem = "one gate looks at one slice, {column: value}"
    if problem:
        raise InputError(f"{where}: {problem}")


def _require_threshold_alone(gate: Gate, where: str) -> None:
    """Check a gate on bias; `bounds.require` checks its group and its bound."""
    bare = Gate(metric=gate.metric, threshold=gate.threshold, greater_is_better=gate.greater_is_better)
    if gate.threshold is None or replace(bare, slice=gate.slice, worst_slice=gate.worst_slice) != gate:
        raise InputError(f"{where}: {gate.metric} measures bias, and takes a threshold, a slice or worst_slice alone")
    assert gate.bias
    bounds.require(gate.bias, None, {}, where)


def _measured(gate: Gate, evaluation: Evaluation, where: str) -> float | None:
    figures = evaluation.figures(gate.part)
    if gate.metric not in figures:
        hint = "; set decision.values" if gate.metric == "profit_per_1000" else ""
        raise InputError(f"{where}.metric: {gate.metric} was not measured on the {gate.part} part{hint}")
    return figures[gate.metric]


def _select(gate: Gate, evaluation: Evaluation, slices: Sequence[Slice], where: str) -> tuple[float | None, str]:
    """Select the figure that a threshold bounds, and describe its rows where they are a slice."""
    value = _measured(gate, evaluation, where)
    if gate.worst_slice:
        if gate.worst_slice != "any":
            _require_column(gate.worst_slice, slices, f"{where}.worst_slice")
        selected = worst(slices, gate.metric, greater_is_better=gate.greater, column=gate.worst_slice)
        if selected is None:
            return None, "no slice has rows enough to say"
    elif gate.slice:
        selected = _slice(gate.slice, slices, f"{where}.slice")
    else:
        return value, ""
    return selected.metrics[gate.metric], f"{selected.column} {selected.value}, {selected.rows:,} rows"


def _slice(group: Mapping[str, Any], slices: Sequence[Slice], where: str) -> Slice:
    ((column, value),) = group.items()
    _require_column(column, slices, where)
    by_value = {candidate.value: candidate for candidate in slices if candidate.column == column}
    key = None if value is None else str(value)
    if key not in by_value:
        raise InputError(f"{where}.{column}: no {value!r} in the test part {did_you_mean(value, map(str, by_value))}")
    return by_value[key]


def _require_column(column: str, slices: Sequence[Slice], where: str) -> None:
    columns = dict.fromkeys(candidate.column for candidate in slices)
    if not columns:
        raise InputError(f"{where}: there are no slices; name their columns in data.sensitive")
    if column not in columns:
        raise InputError(f"{where}: no slices by {column!r} {did_you_mean(column, columns)}")


def _result(gate: Gate, value: float | None, bound: float | None, passed: bool, why: str) -> GateResult:
    return GateResult(gate=gate.words, metric=gate.metric, value=value, bound=bound, passed=passed, why=why)


def _compare_with_threshold(gate: Gate, value: float | None, rows: str) -> GateResult:
    bound = gate.threshold
    assert bound is not None
    passed = value is not None and (value >= bound if gate.greater else value <= bound)
    undefined = "" if value is not None or rows.startswith("no ") else "cannot be said: too few rows, or one class only"
    return _result(gate, value, bound, passed, "; ".join(filter(None, [rows, undefined])))


def _compare_with_baseline(gate: Gate, value: float | None, baseline: float | None, name: str) -> GateResult:
    if value is None or baseline is None:
        return _result(gate, value, baseline, False, f"cannot be compared with {name}")
    changes = [gate.min_absolute_change] if gate.min_absolute_change is not None else []
    changes += [gate.min_relative_change * abs(baseline)] if gate.min_relative_change is not None else []
    sign = 1 if gate.greater else -1
    bound = float(f"{baseline + sign * max(changes, default=0):.10g}")
    ahead = sign * (value - bound)
    return _result(gate, value, bound, ahead >= 0 if changes else ahead > 0, f"{name} has {plain(baseline)}")


def _compare_with_champion(gate: Gate, champion: ChampionComparison | None, stage: str) -> GateResult:
    if champion is None:
        return _result(gate, None, None, True, f"no champion at stage {stage} yet")
    name, difference = f"champion {champion.version}", champion.metrics.get(gate.metric)
    if difference is None:
        return _result(gate, None, None, False, f"cannot be compared with {name}")
    value, bound = difference.challenger, difference.champion
    if not gate.not_worse:
        return _compare_with_baseline(gate, value, bound, name)
    if difference.worse_beyond_chance is None:
        return _result(gate, value, bound, False, f"cannot be compared with {name}")
    shown, low, high = (plain(each, 3, sign=True) for each in (difference.difference, difference.low, difference.high))
    why = f"{name}: {shown}, between {low} and {high}"
    if champion.newer_than:
        why += f", on the {champion.rows:,} rows newer than its own"
    return _result(gate, value, bound, not difference.worse_beyond_chance, why)
