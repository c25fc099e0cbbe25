"""Search for a model's parameters with Optuna, so that a killed search goes on where it was and ends the same."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.data.source import Task
from pipeline.errors import InputError
from pipeline.modeling import estimators

if TYPE_CHECKING:
    import optuna
    import pandas as pd

STUDY = "search"
REPORT_EVERY = 10  # rounds between two reports to the pruner: each is a line in the journal
WARM_UP = 50  # rounds before a trial may be pruned


class Rows(NamedTuple):
    """One part as a model sees it: a signature's frame and labels."""

    X: "pd.DataFrame"
    y: np.ndarray


class Found(NamedTuple):
    """The best parameters, to lay over the model's own, and every trial that was made."""

    params: dict[str, Any]
    trials: list[dict[str, Any]]


def none(**_: Any) -> Found:
    """Search nothing: the model's parameters stay as conf/model says them."""
    return Found({}, [])


def tpe(
    *,
    trials: int,
    rows: int,
    model: Mapping[str, Any],
    train: Rows,
    validation: Rows,
    task: Task,
    n_classes: int,
    seed: int,
    journal: Path,
) -> Found:
    """Search with a tree-structured Parzen estimator (Bergstra et al. 2011), and stop hopeless trials early.

    The first trial takes the model's own parameters, so the search never ends worse than it began. Each trial's
    sampler is seeded by the number of trials before it, so a search that was killed and goes on proposes what it
    would have proposed.

    Parameters
    ----------
    trials : how many parameter sets are tried
    rows : at most this many training rows, drawn by the seed, are used
    model : the node of conf/model, with its `space`
    train, validation : what to fit on, and what to compare by
    task, n_classes, seed : as in `estimators.build`
    journal : the file in which the study lives; a file that is there is gone on with

    Raises
    ------
    InputError : a space that makes no sense
    """
    import optuna

    space = model.get("space") or {}
    if not space or trials < 1:
        return Found({}, [])
    distributions = {name: _distribution(name, said) for name, said in space.items()}
    train = _sample(train, rows, seed)
    study = _open(journal)
    own = {key: model[key] for key, said in space.items() if _within(said, model.get(key))}
    matrices: dict[Any, Any] = {}
    for number in _remaining(study, trials):
        study.sampler = optuna.samplers.TPESampler(seed=seed + number)
        if number == 0 and not study.get_trials(states=[optuna.trial.TrialState.WAITING]):
            study.enqueue_trial(own)
        trial = study.ask(distributions)
        try:
            score = _score({**model, **trial.params}, trial, train, validation, task, n_classes, seed, matrices)
            study.tell(trial, score)
        except optuna.TrialPruned:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
    return Found(study.best_params, [_row(number, each) for number, each in enumerate(_finished(study))])


def mend(journal: Path) -> None:
    """Cut off a last line that a killed search had not finished, which Optuna cannot read."""
    text = journal.read_bytes() if journal.exists() else b""
    if text and not text.endswith(b"\n"):
        journal.write_bytes(text[: text.rfind(b"\n") + 1])


def _open(journal: Path) -> "optuna.Study":
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.with_name(journal.name + ".lock").unlink(missing_ok=True)  # of a search that was killed
    mend(journal)
    study = optuna.create_study(
        study_name=STUDY,
        storage=JournalStorage(JournalFileBackend(str(journal))),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=WARM_UP),
        direction="minimize",
        load_if_exists=True,
    )
    for trial in study.get_trials(states=[optuna.trial.TrialState.RUNNING]):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def _finished(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _remaining(study: "optuna.Study", trials: int) -> Any:
    from tqdm import tqdm

    done = len(_finished(study))
    return tqdm(range(done, trials), initial=done, total=trials, desc="tune", unit="trial", disable=None)


def _score(
    node: Mapping[str, Any],
    trial: "optuna.Trial",
    train: Rows,
    validation: Rows,
    task: Task,
    n_classes: int,
    seed: int,
    matrices: dict[Any, Any],
) -> float:
    """Fit with a trial's parameters, and give the validation part's log loss or root mean squared error."""
    import optuna

    from pipeline.evaluation.metrics import MAIN, figures, scorer

    def on_round(number: int, measured: Mapping[str, float]) -> None:
        if number % REPORT_EVERY == 0:
            trial.report(next(value for name, value in measured.items() if name.startswith("validation/")), number)
            if trial.should_prune():
                raise optuna.TrialPruned

    model = estimators.build(node, task=task, n_classes=n_classes, seed=seed)
    estimators.fit(
        model, *train, *validation, balance=node.get("balance", "none"), on_round=on_round, matrices=matrices
    )
    predicted = estimators.predict(model, validation.X)
    measured = figures(
        scorer(task, validation.y, predicted[:, 1] if task == "binary" else predicted, threshold=None),
        len(validation.y),
    )
    score = measured[MAIN[task]]
    return float("inf") if score is None else score


def _sample(part: Rows, rows: int, seed: int) -> Rows:
    if len(part.y) <= rows:
        return part
    chosen = np.sort(np.random.default_rng(seed).choice(len(part.y), rows, replace=False))
    return Rows(part.X.iloc[chosen], part.y[chosen])


def _distribution(name: str, said: Mapping[str, Any]) -> "optuna.distributions.BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    whole = isinstance(said.get("low"), int) and isinstance(said.get("high"), int)
    try:
        if "choices" in said:
            return CategoricalDistribution(said["choices"])
        return (IntDistribution if whole else FloatDistribution)(**said)
    except (TypeError, ValueError) as error:
        raise InputError(f"model.space.{name}: {' '.join(str(error).split())}") from error


def _within(said: Mapping[str, Any], value: Any) -> bool:
    if "choices" in said:
        return value in said["choices"]
    return isinstance(value, int | float) and said["low"] <= value <= said["high"]


def _row(number: int, trial: "optuna.trial.FrozenTrial") -> dict[str, Any]:
    rounds = trial.intermediate_values
    return {
        "trial": number,
        "state": trial.state.name.lower(),
        "score": rounds[max(rounds)] if trial.value is None else trial.value,
        "rounds": max(rounds, default=None),
        **trial.params,
    }
