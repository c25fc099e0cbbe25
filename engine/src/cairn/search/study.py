"""The study: where trials are kept, so that a killed search goes on and several processes share one."""

import json
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from cairn.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import optuna

Sampler = Literal["tpe", "random", "grid", "cmaes"]

STUDY = "search"  # the name in a journal, which holds one study alone
SEARCHED = ("space", "metric")  # the attributes of a study that say what is searched, and by what
REPEATS = "repeats"  # the attribute of a trial that took another one's score
BEAT, LOST = 30, 120  # seconds between two signs of life in a database, and without one until a trial counts as lost
TRIES = 20  # to connect, a tenth of a second apart, where another machine makes the tables
START_UP = 10  # trials drawn at random before a sampler learns from them


def open_study(
    storage: str, *, name: str | None, journal: Path, space: Mapping[str, Any], metric: str, greater_is_better: bool
) -> "optuna.Study":
    """Open a study, or make it.

    Parameters
    ----------
    storage : `journal`, or the address of a database, such as `postgresql://ada@localhost/studies`; the password
        comes from the environment (PGPASSWORD) or ~/.pgpass
    name : of the study in the database; None: the journal's name, which stands for all that decides the trials
    journal : the file
    space, metric : what is searched, and by what; trials of another space or metric are not mixed in
    greater_is_better : of the metric

    Raises
    ------
    InputError : no such storage, it cannot be reached, or it holds a study of this name over another space or metric
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
    said = json.loads(json.dumps(dict(zip(SEARCHED, (space, metric), strict=True))))
    for key, value in said.items():
        if study.user_attrs.get(key, value) != value:
            raise InputError(
                f"search.study: {study.study_name!r} in {_without_password(storage)} searches another {key}; give this "
                "search a name of its own (search.study=...), or take none"
            )
    for key in said.keys() - study.user_attrs.keys():
        study.set_user_attr(key, said[key])
    if own:
        _give_up_what_was_begun(study)
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
    """Let a study begin with some parameters, those that it does not hold yet; a trial that was killed is no trial."""
    from optuna.trial import TrialState

    trials = [trial for trial in study.get_trials(deepcopy=False) if trial.state is not TrialState.FAIL]
    known = {_spelled(trial.system_attrs.get("fixed_params", trial.params)) for trial in trials}
    for params in starts:
        if params and _spelled(params) not in known:
            study.enqueue_trial(params)
            known.add(_spelled(params))


def others(study: "optuna.Study") -> int:
    """Count the trials that other processes are making; those of processes that died are given up."""
    from optuna.exceptions import ExperimentalWarning
    from optuna.storages import fail_stale_trials
    from optuna.trial import TrialState

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        fail_stale_trials(study)
    return len(study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)))


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


def sampler_of(name: Sampler, *, seed: int, space: Mapping[str, Any]) -> "optuna.samplers.BaseSampler":
    """Make a sampler.

    Parameters
    ----------
    name : `tpe`: a tree-structured Parzen estimator (Bergstra et al. 2011), which knows conditional parameters;
        `random`; `grid`: its combinations are enqueued, and nothing is drawn; `cmaes`: an evolution strategy (Hansen
        and Ostermeier 2001), which draws choices at random
    seed : makes its draws repeatable
    space : what is searched
    """
    from optuna import samplers
    from optuna.exceptions import ExperimentalWarning

    if name == "tpe":
        conditional = any("when" in said for said in space.values())
        with warnings.catch_warnings():  # groups of parameters that are there together: the way of Optuna's own docs
            warnings.simplefilter("ignore", ExperimentalWarning)
            return samplers.TPESampler(seed=seed, n_startup_trials=START_UP, group=conditional)
    if name == "cmaes":
        return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
    return samplers.RandomSampler(seed=seed)


def mend(journal: Path) -> None:
    """Cut off a last line that a killed search had not finished, which Optuna cannot read."""
    text = journal.read_bytes() if journal.exists() else b""
    if text and not text.endswith(b"\n"):
        journal.write_bytes(text[: text.rfind(b"\n") + 1])


def _give_up_what_was_begun(study: "optuna.Study") -> None:
    """End the trials that a killed search was making or had yet to make: they are enqueued anew, in their order."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
    for _ in study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        study.tell(study.ask(), state=TrialState.FAIL)


def _spelled(params: Mapping[str, Any]) -> str:
    return json.dumps(params, sort_keys=True)


def _journal(journal: Path) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.with_name(journal.name + ".lock").unlink(missing_ok=True)  # of a search that was killed
    mend(journal)
    return JournalStorage(JournalFileBackend(str(journal)))


def _database(address: str) -> Any:
    from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError

    shown = _without_password(address)
    try:
        check_storage(address)
    except InputError as error:
        raise InputError(f"search.{error}") from error
    for patience in reversed(range(TRIES)):
        try:
            return _connected(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", address))
        except ImportError as error:
            raise InputError(
                "search.storage: the PostgreSQL driver is not installed; `make run EXTRAS=postgresql` installs it"
            ) from error
        except SQLAlchemyError as error:
            if patience and isinstance(error, IntegrityError | ProgrammingError):
                sleep(0.1)  # another machine makes the tables at this moment
                continue
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise InputError(f"search.storage: {shown} cannot be reached: {reason}") from error


def _connected(address: str) -> Any:
    from optuna.exceptions import ExperimentalWarning
    from optuna.storages import RDBStorage

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return RDBStorage(address, heartbeat_interval=BEAT, grace_period=LOST)


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
