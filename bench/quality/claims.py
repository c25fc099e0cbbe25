"""What is asked of our systems, and whether the results hold it."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from bench.quality.comparison import METRICS
from bench.quality.results import Measured
from bench.quality.sets import LARGE

OURS = ("automl", "tpe")
AUTOGLUON = ("autogluon_medium", "autogluon_good")
RIVALS = (*AUTOGLUON, "flaml")
DEFAULTS = ("xgboost_default", "hist_gradient_boosting_default")
WORSE_AUC, WORSE_RMSE, OVER, MEMORY = 0.002, 0.01, 1.1, 1.5


class Claim(NamedTuple):
    """One thing asked; `held` is None where what it needs is not measured yet."""

    asked: str
    found: str
    held: bool | None

    def to_json(self) -> dict[str, Any]:
        """Give plain JSON content."""
        return self._asdict()


def claims(measured: Measured) -> list[Claim]:
    """Hold the results against all that is asked."""
    found: list[Claim] = []
    for budget in measured.budgets:
        found += [_ranks(measured, budget), _near_autogluon(measured, budget)]
        found += [_no_worse_than_defaults(measured, budget), _better_than_defaults(measured, budget)]
        found += [_in_time(measured, budget, system) for system in OURS] + [_memory(measured, budget)]
    return found


def mean_ranks(measured: Measured, budget: int, systems: Sequence[str]) -> tuple[dict[str, float], int]:
    """Rank systems on each set by log loss or RMSE, ties shared, a failure last, and average over the sets.

    Returns
    -------
    tuple : mean rank by system (1 is best), and over how many sets: those that all systems were measured on
    """
    from scipy.stats import rankdata

    rows = [row for name in measured.sets if (row := _scores(measured, budget, name, systems)) is not None]
    if not rows:
        return {}, 0
    means = np.mean([rankdata(row) for row in rows], axis=0)
    return dict(zip(systems, means.tolist(), strict=True)), len(rows)


def _scores(measured: Measured, budget: int, name: str, systems: Sequence[str]) -> list[float] | None:
    """Give each system's figure on the splits that all have; None where one was never tried."""
    tried = [{each.split for each in measured.of(name, budget, system)} for system in systems]
    if not (splits := sorted(set.intersection(*tried))):
        return None
    metric = METRICS[measured.of(name, budget, systems[0])[0].task][0]
    figures = [measured.score(name, budget, system, metric, splits) for system in systems]
    return [np.inf if figure is None else figure for figure in figures]


def _ranks(measured: Measured, budget: int) -> Claim:
    ranks, n_sets = mean_ranks(measured, budget, ("automl", *RIVALS))
    said = ", ".join(f"{system} {rank:.2f}" for system, rank in ranks.items())
    held = ranks["automl"] < min(ranks[rival] for rival in RIVALS) if ranks else None
    asked = f"{budget} s: automl's mean rank is ahead of AutoGluon's and FLAML's"
    return Claim(asked, f"{said} (sets: {n_sets})" if ranks else "", held)


def _near_autogluon(measured: Measured, budget: int) -> Claim:
    """Take the worst shortfall, in units of what is allowed."""
    shortfalls: list[tuple[float, str]] = []
    for name, task in _tasks(measured):
        for peer in AUTOGLUON:
            metric = "rmse" if task == "regression" else "roc_auc"
            if metric not in METRICS[task]:
                continue
            if (apart := measured.difference(name, budget, "automl", peer, metric)) is None:
                continue
            if metric == "rmse":
                theirs = measured.score(name, budget, peer, metric)
                share = apart.value / theirs if theirs else 0.0
                shortfalls.append((share / WORSE_RMSE, f"{name}, {peer}: RMSE {share:+.2%}"))
            else:
                shortfalls.append((-apart.value / WORSE_AUC, f"{name}, {peer}: ROC AUC {apart.value:+.4f}"))
    asked = (
        f"{budget} s: automl is nowhere worse than AutoGluon by more than {WORSE_AUC} ROC AUC or {WORSE_RMSE:.0%} RMSE"
    )
    worst = max(shortfalls, default=None)
    return Claim(asked, "", None) if worst is None else Claim(asked, f"at worst {worst[1]}", worst[0] <= 1)


def _against_defaults(measured: Measured, budget: int) -> Iterator[tuple[str, float]]:
    """Give each set with how much better tpe is than the better default, in standard errors."""
    for name, task in _tasks(measured):
        metric = METRICS[task][0]
        figures = {each: measured.score(name, budget, each, metric) for each in DEFAULTS}
        known = {each: figure for each, figure in figures.items() if figure is not None}
        if len(known) < len(DEFAULTS):
            continue
        if apart := measured.difference(name, budget, "tpe", min(known, key=known.__getitem__), metric):
            yield name, -apart.value / apart.error if apart.error else 0.0


def _no_worse_than_defaults(measured: Measured, budget: int) -> Claim:
    worst = min(((errors, name) for name, errors in _against_defaults(measured, budget)), default=None)
    asked = f"{budget} s: tpe is nowhere worse than the better default by more than one standard error"
    if worst is None:
        return Claim(asked, "", None)
    return Claim(asked, f"at worst {worst[0]:+.1f} standard errors better, on {worst[1]}", worst[0] >= -1)


def _better_than_defaults(measured: Measured, budget: int) -> Claim:
    rows = {each.set: each.rows for each in measured.results}
    large = {name: errors for name, errors in _against_defaults(measured, budget) if rows[name] >= LARGE}
    better = sum(errors > 2 for errors in large.values())
    asked = f"{budget} s: tpe beats it by more than two on at least half of the sets of {LARGE:,} rows or more"
    said = ", ".join(f"{name} {errors:+.1f}" for name, errors in large.items())
    return Claim(
        asked, f"{better} of {len(large)}: {said}" if large else "", 2 * better >= len(large) if large else None
    )


def _in_time(measured: Measured, budget: int, system: str) -> Claim:
    taken = [
        (each.seconds, each.set)
        for name in measured.sets
        for each in measured.of(name, budget, system)
        if each.seconds is not None
    ]
    asked = f"{budget} s: {system} takes at most {OVER:.0%} of its budget"
    if not taken:
        return Claim(asked, "", None)
    seconds, name = max(taken)
    return Claim(asked, f"at most {seconds:.1f} s, on {name}", seconds <= OVER * budget)


def _memory(measured: Measured, budget: int) -> Claim:
    """Compare largest processes with those of the AutoGluon preset that needs less."""
    ratios = []
    for name in measured.sets:
        ours, *theirs = (_largest(measured, name, budget, each) for each in ("automl", *AUTOGLUON))
        if ours and (known := [each for each in theirs if each]):
            ratios.append((ours / min(known), name))
    asked = f"{budget} s: automl needs at most {MEMORY} times AutoGluon's memory"
    if not ratios:
        return Claim(asked, "", None)
    ratio, name = max(ratios)
    return Claim(asked, f"at most {ratio:.2f} times, on {name}", ratio <= MEMORY)


def _largest(measured: Measured, name: str, budget: int, system: str) -> float | None:
    return max((each.gib for each in measured.of(name, budget, system) if each.gib), default=None)


def _tasks(measured: Measured) -> list[tuple[str, Any]]:
    return sorted({(each.set, each.task) for each in measured.results})
