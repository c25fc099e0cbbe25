"""Gates: what a model must reach before it may be promoted, in MLflow's words (threshold, min_absolute_change, ...)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from cairn.bias import bounds
from cairn.bias.catalogue import MEASURES
from cairn.bias.documents import BiasReport, NoBiasReport
from cairn.bias.facets import combined
from cairn.errors import InputError, did_you_mean
from cairn.evaluation.metrics import GREATER_IS_BETTER, MAIN, NAMES
from cairn.evaluation.slices import Record, worst

__all__ = ["Gate", "judge", "table"]

Result = dict[str, Any]
NO_BIAS = NoBiasReport(left_out={"all": "bias.json is missing"})


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One question about a model; conf/gates/*.yaml holds a list of them.

    Parameters
    ----------
    metric : a metric of the task, or a measure of bias; `auto` is the task's main metric (log_loss, or rmse)
    threshold : the bound, itself allowed
    greater_is_better : whether the bound is a least or a most; None: as the metric has it, and bias either way
    part : test, validation or train
    slice : ask it of the rows of one group alone: {column: value}; of bias, two columns name a crossed group
    worst_slice : ask it of the worst group of this column, or of `any` column; of bias, also of `gender x city`
    baseline : ask for better than the `dummy` or the `champion`, in place of a threshold
    min_absolute_change : better by at least this much
    min_relative_change : better by at least this share of the baseline's figure
    not_worse : of the champion: fail only what is worse beyond chance
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
        """Which way is better."""
        return GREATER_IS_BETTER[self.metric] if self.greater_is_better is None else self.greater_is_better

    @property
    def bias(self) -> bounds.Question | None:
        """The question to a measure of bias; None of a metric."""
        if self.threshold is None or not any(self.metric in known for known in MEASURES.values()):
            return None
        return bounds.Question(self.metric, self.threshold, self.greater_is_better, self.slice, self.worst_slice)

    @property
    def words(self) -> str:
        """The question in words: `roc_auc of the worst gender is at least 0.72`."""
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
    metrics: Mapping[str, Any],
    slices: Mapping[str, Any],
    champion: Mapping[str, Any] | None = None,
    bias: BiasReport | NoBiasReport | None = None,
    *,
    gates: Sequence[Mapping[str, Any]],
    champion_stage: str = "prod",
) -> list[Result]:
    """Answer every gate.

    Parameters
    ----------
    metrics : what evaluation.json holds
    slices : what slices.json holds
    champion : the champion's `version` and, as `paired_difference` gives them, `metrics`; where only rows newer than
        its own were compared, `newer_than` says when those end, and `rows` how many they are. None: there is none
    bias : the measures of bias; None: no gate asks about it
    gates : the questions, each with the keys of `Gate`
    champion_stage : the registry's stage whose model is the champion

    Returns
    -------
    list of dict : `gate` (the question in words), `metric`, `value`, `bound`, `passed` and `why`; what cannot be said
        does not pass, but without a champion the gates on it do

    Raises
    ------
    InputError : a gate is misspelt, asks two things at once, or asks for what was not measured
    """
    results = []
    for number, keys in enumerate(gates):
        where = f"gates.gates[{number}]"
        gate = parse(keys, metrics["task"], where, metrics.get("greater_is_better"))
        if gate.bias:
            answer = bounds.answer(gate.bias, bias or NO_BIAS, where)
        elif gate.baseline == "champion":
            answer = _against_champion(gate, champion, champion_stage)
        elif gate.baseline == "dummy":
            dummy = metrics["baseline"]["dummy"].get(gate.metric)
            answer = _against_baseline(gate, _measured(gate, metrics, where), dummy, "the dummy")
        else:
            answer = _against_threshold(gate, *_asked(gate, metrics, slices["slices"], where))
        results.append({"gate": gate.words, "metric": gate.metric, **answer})
    return results


def check(
    gates: Sequence[Mapping[str, Any]],
    task: str,
    sensitive: Sequence[str] | None = None,
    left_out: Mapping[str, str] | None = None,
    own: Mapping[str, bool] | None = None,
) -> None:
    """Parse every gate, before there is a model to judge.

    Parameters
    ----------
    gates : as in YAML
    task : binary, multiclass or regression; for `auto`, a gate need only make sense for one of them
    sensitive : the columns whose groups bias is measured for; None: not known
    left_out : measure of bias, or `all` -> why it is not measured
    own : metric of the project's own -> whether greater is better

    Raises
    ------
    InputError : as `parse`, and a gate on bias whose facet or measure will not be there
    """
    facets = None if sensitive is None else combined(sensitive)
    for number, keys in enumerate(gates):
        tasks = list(NAMES) if task == "auto" else [task]
        errors = []
        for each in tasks:
            try:
                gate = parse(keys, each, f"gates[{number}]", own)
                if gate.bias:
                    bounds.require(gate.bias, facets, left_out or {}, f"gates[{number}]")
            except InputError as error:
                errors.append(error)
        if len(errors) == len(tasks):
            raise errors[0]


def parse(keys: Mapping[str, Any], task: str, where: str, own: Mapping[str, bool] | None = None) -> Gate:
    """Make a gate of its keys, and refuse what it does not mean.

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
    known = [field.name for field in fields(Gate)]
    if not isinstance(keys, Mapping):
        raise InputError(
            f"{where}: {keys!r} is no gate; write keys and values, such as {{metric: auto, baseline: dummy}}"
        )
    for key in keys:
        if key not in known:
            raise InputError(f"{where}: no key {key!r} {did_you_mean(key, known)}")
    metric = keys.get("metric", "auto")
    metric = MAIN[task] if metric == "auto" else metric
    directions = own or {}
    names = [*NAMES[task], *MEASURES[task], *directions]
    if metric not in names:
        raise InputError(f"{where}.metric: no {metric!r} for a {task} target {did_you_mean(metric, names)}")
    choices = {"part": ("test", "validation", "train"), "baseline": ("dummy", "champion", None)}
    for key, allowed in choices.items():
        if keys.get(key, allowed[0]) not in allowed:
            raise InputError(f"{where}.{key}: no {keys[key]!r} {did_you_mean(keys[key], filter(None, allowed))}")
    for key in ("threshold", "min_absolute_change", "min_relative_change"):
        if isinstance(keys.get(key), bool) or not isinstance(keys.get(key), int | float | None):
            raise InputError(f"{where}.{key}: {keys[key]!r} is no number")
    if not isinstance(keys.get("slice"), Mapping | None):
        raise InputError(f"{where}.slice: {keys['slice']!r} names no group; write {{column: value}}")
    own_direction = {"greater_is_better": directions[metric]} if metric in directions else {}
    gate = Gate(**{**own_direction, **keys, "metric": metric})
    if metric in MEASURES[task]:
        _require_threshold_alone(gate, where)
    else:
        _require_one_question(gate, where)
    return gate


def table(results: Sequence[Result]) -> str:
    """Lay the answers out for a terminal: pass or FAIL, gate, figure, bound, and why where there is more to say."""
    rows = [("", "gate", "figure", "bound", "")]
    for each in results:
        shown = [f"{each[key]:.4g}" if each[key] is not None else "-" for key in ("value", "bound")]
        rows.append(("pass" if each["passed"] else "FAIL", each["gate"], *shown, each["why"]))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = (
        f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}  {row[4]}"
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _require_one_question(gate: Gate, where: str) -> None:
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
    """Refuse what a gate on bias cannot ask; of which group, and against which bound, `bounds.require` looks at."""
    asked = Gate(metric=gate.metric, threshold=gate.threshold, greater_is_better=gate.greater_is_better)
    if gate.threshold is None or replace(asked, slice=gate.slice, worst_slice=gate.worst_slice) != gate:
        raise InputError(f"{where}: {gate.metric} measures bias, and takes a threshold, a slice or worst_slice alone")
    assert gate.bias
    bounds.require(gate.bias, None, {}, where)


def _measured(gate: Gate, metrics: Mapping[str, Any], where: str) -> float | None:
    if gate.metric not in metrics[gate.part]:
        hint = "; set decision.values" if gate.metric == "profit_per_1000" else ""
        raise InputError(f"{where}.metric: {gate.metric} was not measured on the {gate.part} part{hint}")
    figure = metrics[gate.part][gate.metric]
    return figure["value"] if isinstance(figure, Mapping) else figure


def _asked(gate: Gate, metrics: Mapping[str, Any], slices: Sequence[Record], where: str) -> tuple[float | None, str]:
    """Find the figure that a threshold is for, and say which rows it is of, where that is not plain."""
    value = _measured(gate, metrics, where)
    if gate.worst_slice:
        if gate.worst_slice != "any":
            _require_column(gate.worst_slice, slices, f"{where}.worst_slice")
        record = worst(slices, gate.metric, greater_is_better=gate.greater, column=gate.worst_slice)
        return (record[gate.metric], _group(record)) if record else (None, "no slice has rows enough to say")
    if gate.slice:
        record = _slice(gate.slice, slices, f"{where}.slice")
        return record[gate.metric], _group(record)
    return value, ""


def _slice(wanted: Mapping[str, Any], slices: Sequence[Record], where: str) -> Record:
    ((column, value),) = wanted.items()
    _require_column(column, slices, where)
    groups = {each["value"]: each for each in slices if each["column"] == column}
    key = None if value is None else str(value)
    if key not in groups:
        raise InputError(f"{where}.{column}: no {value!r} in the test part {did_you_mean(value, map(str, groups))}")
    return groups[key]


def _require_column(column: str, slices: Sequence[Record], where: str) -> None:
    known = dict.fromkeys(each["column"] for each in slices)
    if not known:
        raise InputError(f"{where}: there are no slices; name their columns in data.sensitive")
    if column not in known:
        raise InputError(f"{where}: no slices by {column!r} {did_you_mean(column, known)}")


def _group(record: Record) -> str:
    return f"{record['column']} {record['value']}, {record['rows']:,} rows"


def _against_threshold(gate: Gate, value: float | None, of: str) -> Result:
    bound = gate.threshold
    assert bound is not None
    passed = value is not None and (value >= bound if gate.greater else value <= bound)
    unknown = "" if value is not None or of.startswith("no ") else "cannot be said: too few rows, or one class only"
    return {"value": value, "bound": bound, "passed": passed, "why": "; ".join(filter(None, [of, unknown]))}


def _against_baseline(gate: Gate, value: float | None, baseline: float | None, whose: str) -> Result:
    if value is None or baseline is None:
        return {"value": value, "bound": baseline, "passed": False, "why": f"cannot be compared with {whose}"}
    changes = [gate.min_absolute_change] if gate.min_absolute_change is not None else []
    changes += [gate.min_relative_change * abs(baseline)] if gate.min_relative_change is not None else []
    sign = 1 if gate.greater else -1
    bound = float(f"{baseline + sign * max(changes, default=0):.10g}")
    ahead = sign * (value - bound)
    passed = ahead >= 0 if changes else ahead > 0
    return {"value": value, "bound": bound, "passed": passed, "why": f"{whose} has {baseline:.4g}"}


def _against_champion(gate: Gate, champion: Mapping[str, Any] | None, stage: str) -> Result:
    if champion is None:
        return {"value": None, "bound": None, "passed": True, "why": f"no champion at stage {stage} yet"}
    version, both = champion["version"], champion["metrics"].get(gate.metric, {})
    value, bound = both.get("challenger"), both.get("champion")
    if not gate.not_worse:
        return _against_baseline(gate, value, bound, f"champion {version}")
    if both.get("worse_beyond_chance") is None:
        return {"value": value, "bound": bound, "passed": False, "why": f"cannot be compared with champion {version}"}
    why = f"champion {version}: {both['difference']:+.3g}, between {both['low']:+.3g} and {both['high']:+.3g}"
    if champion.get("newer_than"):
        why += f", on the {champion['rows']:,} rows newer than its own"
    return {"value": value, "bound": bound, "passed": not both["worse_beyond_chance"], "why": why}
