"""The study: where trials are kept, so that a killed search goes on and several processes share one."""

import json
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from pipeline.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import optuna

Sampler = Literal["tpe", "random", "grid", "cmaes"]

STUDY = "search"  # the name in a journal, which holds one study alone
SPACE = "space"  # the attribute of a study that says what is searched
REPEATS = "repeats"  # the attribute of a trial that took another one's score
BEAT, LOST = 30, 120  # seconds between two signs of life in a database, and without one until a trial counts as lost
START_UP = 10  # trials drawn at random before a sampler learns from them


def open_study(
    storage: str, *, name: str | None, journal: Path, space: Mapping[str, Any], greater_is_better: bool
) -> "optuna.Study":
    """Open a study, or make it.

    Parameters
    ----------
    storage : `journal`, or the address of a database, such as `postgresql://ada@localhost/studies`; the password
        comes from the environment (PGPASSWORD) or ~/.pgpass
    name : of the study in the database; None: the journal's name, which stands for all that decides the trials
    journal : the file
    space : what is searched; trials of another space are not mixed in
    greater_is_better : of the metric

    Raises
    ------
    InputError : no such storage, it cannot be reached, or it holds a study of this name over another space
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    own = storage == "journal"
    study = optuna.create_study(
        study_name=STUDY if own else name or journal.stem,
        storage=_journal(journal) if own else _database(storage),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4),
        direction="maximize" if greater_is_better else "minimize",
        load_if_exists=True,
    )
    said = json.loads(json.dumps(space))
    if study.user_attrs.get(SPACE, said) != said:
        raise InputError(
            f"search.study: {study.study_name!r} in {_without_password(storage)} searches another space; give this "
            "search a name of its own (search.study=...), or take none"
        )
    if SPACE not in study.user_attrs:
        study.set_user_attr(SPACE, said)
    if own:
        for trial in study.get_trials(states=[optuna.trial.TrialState.RUNNING]):
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def joined(name: str, storage: str, journal: Path) -> "optuna.Study":
    """Open a study once more, in a process that shares it."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    where = JournalStorage(JournalFileBackend(str(journal))) if storage == "journal" else _database(storage)
    return optuna.load_study(study_name=name, storage=where)


def enqueue(study: "optuna.Study", starts: list[dict[str, Any]]) -> None:
    """Let a study begin with some parameters, those that it does not hold yet."""
    for params in starts:
        if params:
            study.enqueue_trial(params, skip_if_exists=True)


def finished(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    """Give the trials that ended by themselves, in the order of their numbers."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def complete(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    """Give the trials that were measured to their end; the value of a pruned one is of its first rounds or folds."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def same_as(study: "optuna.Study", params: Mapping[str, Any], **attributes: Any) -> "optuna.trial.FrozenTrial | None":
    """Find a complete trial with equal parameters and attributes, whose score need not be measured again."""
    for trial in complete(study):
        if trial.params == params and all(trial.user_attrs.get(key) == value for key, value in attributes.items()):
            return trial
    return None


def sampler_of(
    name: Sampler, *, seed: int, space: Mapping[str, Any], grid: Mapping[str, list[Any]]
) -> "optuna.samplers.BaseSampler":
    """Make a sampler.

    Parameters
    ----------
    name : `tpe`: a tree-structured Parzen estimator (Bergstra et al. 2011), which knows conditional parameters;
        `random`; `grid`; `cmaes`: an evolution strategy (Hansen and Ostermeier 2001), which draws choices at random
    seed : makes its draws repeatable
    space, grid : what is searched, and the values of a grid search
    """
    from optuna import samplers
    from optuna.exceptions import ExperimentalWarning

    if name == "tpe":
        conditional = any("when" in said for said in space.values())
        with warnings.catch_warnings():  # groups of parameters that are there together: the way of Optuna's own docs
            warnings.simplefilter("ignore", ExperimentalWarning)
            return samplers.TPESampler(seed=seed, n_startup_trials=START_UP, group=conditional)
    if name == "random":
        return samplers.RandomSampler(seed=seed)
    if name == "grid":
        return samplers.GridSampler(grid, seed=seed)
    return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)


def mend(journal: Path) -> None:
    """Cut off a last line that a killed search had not finished, which Optuna cannot read."""
    text = journal.read_bytes() if journal.exists() else b""
    if text and not text.endswith(b"\n"):
        journal.write_bytes(text[: text.rfind(b"\n") + 1])


def _journal(journal: Path) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.with_name(journal.name + ".lock").unlink(missing_ok=True)  # of a search that was killed
    mend(journal)
    return JournalStorage(JournalFileBackend(str(journal)))


def _database(address: str) -> Any:
    from optuna.exceptions import ExperimentalWarning
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import SQLAlchemyError

    shown = _without_password(address)
    try:
        check_storage(address)
    except InputError as error:
        raise InputError(f"search.{error}") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return RDBStorage(
                re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", address),
                heartbeat_interval=BEAT,
                grace_period=LOST,
            )
    except ImportError as error:
        raise InputError(
            "search.storage: the PostgreSQL driver is not installed; `make run EXTRAS=postgresql` installs it"
        ) from error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise InputError(f"search.storage: {shown} cannot be reached: {reason}") from error


def check_storage(storage: str) -> None:
    """Look whether a storage is one that there is.

    Raises
    ------
    InputError : it is neither the journal nor the address of a PostgreSQL database, or it carries a password
    """
    if storage != "journal" and not re.match(r"postgres(ql)?://[^/]", storage):
        raise InputError(
            f"storage: {_without_password(storage)!r} is neither journal nor postgresql://HOST/DATABASE "
            f"{did_you_mean(storage, ['journal'])}".rstrip()
        )
    if urlsplit(storage).password is not None:
        raise InputError(
            f"storage: {_without_password(storage)} carries a password, which params.yaml would show to all; leave it "
            "out and set PGPASSWORD, or ~/.pgpass"
        )


def _without_password(address: str) -> str:
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1@", address)
