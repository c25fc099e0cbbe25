"""Report a search: rows to plot, a log of every trial, and a table of the candidates.

A trial is a mapping with `trial` (its number), `state` (complete, pruned or failed), `score`, `rounds`
and `params`; of a search over several families also `family`, and of AutoML `folds`, `fit_seconds`,
`predict_seconds` (for 1,000 rows) and `weight` (in the ensemble).
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from dvclive.live import Live
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from cairn.number_text import parameter, plain

Trial = Mapping[str, Any]
Rows = list[dict[str, Any]]

MIN_TRIALS = 8  # complete trials for importances
LOG_RATIO = 30  # of a parameter's largest to its least value from which it is plotted by its logarithm
COLUMNS = ("score", "folds", "weight", "fit_seconds", "predict_seconds", "rounds")


def plots(trials: Sequence[Trial], *, greater_is_better: bool = False) -> dict[str, Rows]:
    """Return the rows that `dvc plots` draws of a search.

    Parameters
    ----------
    trials : in the order in which they were made
    greater_is_better : of the score

    Returns
    -------
    dict : `history`: trial, state, score and the best score of the complete trials so far; `importances`: parameter
        and share, by fANOVA (Hutter et al. 2014), a parameter that a trial lacks at its median,
        and no rows for fewer than 8 complete trials; `slices`: parameter, value, place (the value, or its logarithm
        where the largest is 30 times the least), score and trial, for complete trials
    """
    return {
        "history": _history(trials, greater_is_better),
        "importances": _importances(trials),
        "slices": _slices(trials),
    }


def log(trials: Sequence[Trial], folder: Path, *, greater_is_better: bool = False) -> None:
    """Log every trial by dvclive: its score and the best so far, the trial's number as step.

    Parameters
    ----------
    trials : in the order in which they were made
    folder : where dvclive writes; equal trials give equal bytes
    greater_is_better : of the score
    """
    with Live(str(folder), dvcyaml=None, save_dvc_exp=False) as live:
        for row in _history(trials, greater_is_better):
            live.step = row["trial"]
            for name in ("score", "best"):
                if row[name] is not None:
                    live.log_metric(name, row[name])


def leaderboard(
    trials: Sequence[Trial], own: Mapping[str, Mapping[str, Any]] | None = None, *, greater_is_better: bool = False
) -> str:
    """Format the complete trials as a Markdown table, the best first.

    Parameters
    ----------
    trials : in any order
    own : family -> its own parameters; equal values of a trial are left out
    greater_is_better : of the score

    Returns
    -------
    str : rank, model, score and what else any trial has: folds, weight in the ensemble, seconds to fit, milliseconds
        to predict 1,000 rows, rounds, parameters
    """
    sign = -1 if greater_is_better else 1
    ranked = sorted(_complete(trials), key=lambda trial: (sign * trial["score"], trial["trial"]))
    titles = {"weight": "weight", "fit_seconds": "fit, s", "predict_seconds": "predict 1,000 rows, ms"}
    columns = [name for name in COLUMNS if any(trial.get(name) is not None for trial in ranked)]
    named = any("family" in trial for trial in ranked)
    head = ["rank", *(["model"] if named else []), "trial", *(titles.get(name, name) for name in columns), "parameters"]
    lines = [head, ["--:", *([":--"] if named else []), "--:", *("--:" for _ in columns), ":--"]]
    for rank, trial in enumerate(ranked, 1):
        params = _format_params(trial, (own or {}).get(trial.get("family", ""), {}))
        model = [str(trial.get("family", ""))] if named else []
        lines.append([str(rank), *model, str(trial["trial"]), *(_format(name, trial) for name in columns), params])
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def _complete(trials: Sequence[Trial]) -> list[Trial]:
    return [trial for trial in trials if trial["state"] == "complete" and _finite(trial["score"]) is not None]


def _finite(score: float | None) -> float | None:
    return None if score is None or not math.isfinite(score) else float(score)


def _history(trials: Sequence[Trial], greater_is_better: bool) -> Rows:
    rows, best = [], -math.inf if greater_is_better else math.inf
    for trial in trials:
        score = _finite(trial["score"])
        if trial["state"] == "complete" and score is not None:
            best = max(best, score) if greater_is_better else min(best, score)
        rows.append({"trial": trial["trial"], "state": trial["state"], "score": score, "best": _finite(best)})
    return rows


def _parameters(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """Return each trial's parameters; with several families the family is one more, and prefixes the others' names."""
    if len({trial.get("family") for trial in trials}) < 2:
        return [dict(trial["params"]) for trial in trials]
    return [
        {"model": str(trial.get("family"))}
        | {f"{trial.get('family')}.{name}": value for name, value in trial["params"].items()}
        for trial in trials
    ]


def _importances(trials: Sequence[Trial]) -> Rows:
    complete = _complete(trials)
    params = _parameters(complete)
    columns = {name: [one.get(name) for one in params] for one in params for name in one}
    columns = {name: _fill(values) for name, values in columns.items()}
    columns = {name: values for name, values in columns.items() if len(set(values)) > 1}
    scores = [trial["score"] for trial in complete]
    if len(complete) < MIN_TRIALS or not columns or len(set(scores)) == 1:
        return []
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {name: _distribution(values) for name, values in columns.items()}
    study = optuna.create_study(direction="minimize")
    for place, score in enumerate(scores):
        values = {name: column[place] for name, column in columns.items()}
        study.add_trial(optuna.create_trial(params=values, distributions=distributions, value=score))
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    rows = [{"parameter": name, "share": float(f"{share:.6g}")} for name, share in shares.items()]
    return sorted(rows, key=lambda row: (-row["share"], row["parameter"]))


def _numeric(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values if value is not None)


def _fill(values: Sequence[Any]) -> list[Any]:
    """Fill a parameter that a trial does not have with the lower median, or the commonest category."""
    present = [value for value in values if value is not None]
    if not present:
        return list(values)
    if _numeric(present):
        median = sorted(present)[(len(present) - 1) // 2]
        return [median if value is None else value for value in values]
    texts = [str(value) for value in present]
    commonest = min(texts, key=lambda text: (-texts.count(text), text))
    return [commonest if value is None else str(value) for value in values]


def _distribution(values: Sequence[Any]) -> BaseDistribution:
    if not _numeric(values):
        return CategoricalDistribution(sorted(set(values)))
    whole = all(isinstance(value, int) for value in values)
    return (IntDistribution if whole else FloatDistribution)(min(values), max(values), log=_wide(values))


def _wide(values: Sequence[Any]) -> bool:
    return min(values) > 0 and max(values) / min(values) >= LOG_RATIO


def _slices(trials: Sequence[Trial]) -> Rows:
    complete = _complete(trials)
    params = _parameters(complete)
    rows = []
    for name in dict.fromkeys(name for one in params for name in one):
        tried = [(one[name], trial) for one, trial in zip(params, complete, strict=True) if one.get(name) is not None]
        values = [value for value, _ in tried]
        numeric = _numeric(values)
        wide = numeric and bool(values) and _wide(values)
        for value, trial in tried:
            place = (math.log10(value) if wide else value) if numeric else str(value)
            kind = "number" if numeric else "category"
            label = f"{name} (log10)" if wide else name
            rows.append(
                {
                    "parameter": label,
                    "value": value,
                    "place": place,
                    "kind": kind,
                    "score": trial["score"],
                    "trial": trial["trial"],
                }
            )
    return rows


def _format_params(trial: Trial, own: Mapping[str, Any]) -> str:
    """Format the parameters that differ from the family's own; a bar would end the table's cell."""
    missing = object()
    params = {name: value for name, value in trial["params"].items() if own.get(name, missing) != value}
    words = (f"{name} {parameter(value)}" for name, value in params.items())
    return ", ".join(words).replace("|", "\\|") or "its own"


def _format(name: str, trial: Trial) -> str:
    value = trial.get(name)
    if value is None:
        return ""
    if name == "score":
        return plain(value, 5)
    if name == "predict_seconds":
        return plain(1000 * value, 3)
    return plain(value, 3) if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
