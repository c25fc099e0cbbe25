"""What a search did, for people: rows to plot, a log of every trial, and a table of the candidates.

A trial is a mapping with `trial` (its number), `state` (complete, pruned or failed), `score`, `rounds`
and `params`; where several families were tried also `family`, and where they are known `folds`, `fit_seconds`,
`predict_seconds` (for 1,000 rows) and `weight` (in the ensemble).
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import optuna

Trial = Mapping[str, Any]
Rows = list[dict[str, Any]]

FEWEST = 8  # complete trials from which importances can be told
WIDE = 30  # a parameter whose largest value is so many times its least is drawn by its logarithm
COLUMNS = ("score", "folds", "weight", "fit_seconds", "predict_seconds", "rounds")


def plots(trials: Sequence[Trial], *, greater_is_better: bool = False) -> dict[str, Rows]:
    """Give the rows of what `dvc plots` draws of a search.

    Parameters
    ----------
    trials : in the order in which they were made
    greater_is_better : of the score

    Returns
    -------
    dict : `history`: trial, state, score and the best score of the complete trials so far; `importances`: parameter
        and share, by fANOVA (Hutter et al. 2014), a parameter that a trial has not standing at its median there,
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
    from dvclive.live import Live

    with Live(str(folder), dvcyaml=None, save_dvc_exp=False) as live:
        for row in _history(trials, greater_is_better):
            live.step = row["trial"]
            for name in ("score", "best"):
                if row[name] is not None:
                    live.log_metric(name, row[name])


def leaderboard(
    trials: Sequence[Trial], own: Mapping[str, Mapping[str, Any]] | None = None, *, greater_is_better: bool = False
) -> str:
    """Lay the complete trials out as a Markdown table, the best first.

    Parameters
    ----------
    trials : in any order
    own : family -> its own parameters; those that a trial shares with them are not said again
    greater_is_better : of the score

    Returns
    -------
    str : rank, model, score and what else any trial has: folds, weight in the ensemble, seconds to fit, milliseconds
        to predict 1,000 rows, rounds, parameters
    """
    sign = -1 if greater_is_better else 1
    ranked = sorted(_complete(trials), key=lambda each: (sign * each["score"], each["trial"]))
    titles = {"weight": "weight", "fit_seconds": "fit, s", "predict_seconds": "predict 1,000 rows, ms"}
    known = [name for name in COLUMNS if any(each.get(name) is not None for each in ranked)]
    named = any("family" in each for each in ranked)
    head = ["rank", *(["model"] if named else []), "trial", *(titles.get(name, name) for name in known), "parameters"]
    lines = [head, ["--:", *([":--"] if named else []), "--:", *("--:" for _ in known), ":--"]]
    for rank, each in enumerate(ranked, 1):
        differing = _differing(each, (own or {}).get(each.get("family", ""), {}))
        model = [str(each.get("family", ""))] if named else []
        lines.append([str(rank), *model, str(each["trial"]), *(_shown(name, each) for name in known), differing])
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def _complete(trials: Sequence[Trial]) -> list[Trial]:
    return [each for each in trials if each["state"] == "complete" and _finite(each["score"]) is not None]


def _finite(score: float | None) -> float | None:
    return None if score is None or not math.isfinite(score) else float(score)


def _history(trials: Sequence[Trial], greater_is_better: bool) -> Rows:
    rows, best = [], -math.inf if greater_is_better else math.inf
    for each in trials:
        score = _finite(each["score"])
        if each["state"] == "complete" and score is not None:
            best = max(best, score) if greater_is_better else min(best, score)
        rows.append({"trial": each["trial"], "state": each["state"], "score": score, "best": _finite(best)})
    return rows


def _parameters(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """Give each trial's parameters; where there are several families, those carry its name, and it is one more."""
    families = {each.get("family") for each in trials}
    if len(families) < 2:
        return [dict(each["params"]) for each in trials]
    return [
        {"model": str(each.get("family"))}
        | {f"{each.get('family')}.{name}": value for name, value in each["params"].items()}
        for each in trials
    ]


def _importances(trials: Sequence[Trial]) -> Rows:
    complete = _complete(trials)
    found = _parameters(complete)
    columns = {name: [each.get(name) for each in found] for each in found for name in each}
    columns = {name: _filled(values) for name, values in columns.items()}
    columns = {name: values for name, values in columns.items() if len(set(values)) > 1}
    scores = [each["score"] for each in complete]
    if len(complete) < FEWEST or not columns or len(set(scores)) == 1:
        return []
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {name: _distribution(values) for name, values in columns.items()}
    study = optuna.create_study(direction="minimize")
    for place, score in enumerate(scores):
        params = {name: values[place] for name, values in columns.items()}
        study.add_trial(optuna.create_trial(params=params, distributions=distributions, value=score))
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    rows = [{"parameter": name, "share": float(f"{share:.6g}")} for name, share in shares.items()]
    return sorted(rows, key=lambda row: (-row["share"], row["parameter"]))


def _numeric(values: Sequence[Any]) -> bool:
    return all(isinstance(each, int | float) and not isinstance(each, bool) for each in values if each is not None)


def _filled(values: Sequence[Any]) -> list[Any]:
    """Put the lower median, or the commonest category, where a trial has no such parameter."""
    known = [each for each in values if each is not None]
    if not known:
        return list(values)
    if _numeric(known):
        middle = sorted(known)[(len(known) - 1) // 2]
        return [middle if each is None else each for each in values]
    texts = [str(each) for each in known]
    commonest = min(texts, key=lambda each: (-texts.count(each), each))
    return [commonest if each is None else str(each) for each in values]


def _distribution(values: Sequence[Any]) -> "optuna.distributions.BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if not _numeric(values):
        return CategoricalDistribution(sorted(set(values)))
    whole = all(isinstance(each, int) for each in values)
    return (IntDistribution if whole else FloatDistribution)(min(values), max(values), log=_wide(values))


def _wide(values: Sequence[Any]) -> bool:
    return min(values) > 0 and max(values) / min(values) >= WIDE


def _slices(trials: Sequence[Trial]) -> Rows:
    complete = _complete(trials)
    found = _parameters(complete)
    rows = []
    for name in dict.fromkeys(name for each in found for name in each):
        tried = [(each[name], trial) for each, trial in zip(found, complete, strict=True) if each.get(name) is not None]
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


def _differing(trial: Trial, own: Mapping[str, Any]) -> str:
    """Say the parameters that are not the family's own; a bar would end the table's cell."""
    missing = object()
    params = {name: value for name, value in trial["params"].items() if own.get(name, missing) != value}
    words = (f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in params.items())
    return ", ".join(words).replace("|", "\\|") or "its own"


def _shown(name: str, trial: Trial) -> str:
    value = trial.get(name)
    if value is None:
        return ""
    if name == "score":
        return f"{value:.5g}"
    if name == "predict_seconds":
        return f"{1000 * value:.3g}"
    return f"{value:.3g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
