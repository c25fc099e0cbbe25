"""The study: where trials are stored, so that a killed search resumes and several processes can share one."""

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
Start = Literal["own", "last", "champion"]

STUDY = "search"  # the name in a journal, which holds one study only
REPEATS = "repeats"  # the attribute of a trial that copies another one's score
HEARTBEAT = 30  # seconds between two signs of life of a trial in a database
GRACE_PERIOD = 120  # seconds without a sign of life until a trial counts as lost
CONNECT_ATTEMPTS = 20  # a tenth of a second apart, while another machine makes the tables
RANDOM_TRIALS = 10  # trials drawn at random before a sampler learns from them


def open_study(
    storage: str, *, name: str | None, journal: Path, space: Mapping[str, Any], metric: str, greater_is_better: bool
) -> "optuna.Study":
    """Open a study; make it if there is none.

    Parameters
    ----------
    storage : `journal`, or the address of a database, such as `postgresql://ada@localhost/studies`; the password
        comes from the environment (PGPASSWORD) or ~/.pgpass
    name : of the study in the database; None: the journal's name, a digest of all that decides the trials
    journal : the file
    space, metric : what is searched, and by what; trials of another space or metric are not mixed in
    greater_is_better : of the metric

    Raises
    ------
    InputError : no such storage, it cannot be reached, or it has a study of this name over another space or metric
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
    searched = json.loads(json.dumps({"space": space, "metric": metric}))
    for key, value in searched.items():
        if study.user_attrs.get(key, value) != value:
            raise InputError(
                f"search.study: {study.study_name!r} in {_without_password(storage)} searches another {key}; give this "
                "search a name of its own (search.study=...), or take none"
            )
    for key in searched.keys() - study.user_attrs.keys():
        study.set_user_attr(key, searched[key])
    if own:
        _fail_unfinished_trials(study)
    return study


def load_study(name: str, storage: str, journal: Path) -> "optuna.Study":
    """Open a study that exists, such as in a process that shares it."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    where = JournalStorage(JournalFileBackend(str(journal))) if storage == "journal" else _database(storage)
    return optuna.load_study(study_name=name, storage=where)


def enqueue(study: "optuna.Study", starts: list[dict[str, Any]]) -> None:
    """Enqueue parameter sets that no trial of a study has yet.

    `study.enqueue_trial(skip_if_exists=True)` would also skip what a killed search had begun and never measured, since
    such a trial is in the study as failed.
    """
    from optuna.trial import TrialState

    trials = [trial for trial in study.get_trials(deepcopy=False) if trial.state is not TrialState.FAIL]
    keys = {_key(trial.system_attrs.get("fixed_params", trial.params)) for trial in trials}
    for params in starts:
        if params and _key(params) not in keys:
            study.enqueue_trial(params)
            keys.add(_key(params))


def count_running(study: "optuna.Study") -> int:
    """Count the trials that other processes are making, after failing those of processes that died."""
    from optuna.exceptions import ExperimentalWarning
    from optuna.storages import fail_stale_trials
    from optuna.trial import TrialState

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        fail_stale_trials(study)
    return len(study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)))


def finished_trials(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    """Return the complete and the pruned trials, in the order of their numbers."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def complete_trials(study: "optuna.Study") -> list["optuna.trial.FrozenTrial"]:
    """Return the trials measured to their end; the value of a pruned one is of its first rounds or folds only."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def find_equal_trial(
    study: "optuna.Study", params: Mapping[str, Any], **attributes: Any
) -> "optuna.trial.FrozenTrial | None":
    """Find a complete trial with equal parameters and attributes, whose score need not be measured again."""
    for trial in complete_trials(study):
        if trial.params == params and all(trial.user_attrs.get(key) == value for key, value in attributes.items()):
            return trial
    return None


def make_sampler(name: Sampler, *, seed: int, space: Mapping[str, Any]) -> "optuna.samplers.BaseSampler":
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
        conditional = any("when" in limits for limits in space.values())
        with warnings.catch_warnings():  # Optuna's docs advise grouped sampling for conditional parameters
            warnings.simplefilter("ignore", ExperimentalWarning)
            return samplers.TPESampler(seed=seed, n_startup_trials=RANDOM_TRIALS, group=conditional)
    if name == "cmaes":
        return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
    return samplers.RandomSampler(seed=seed)


def drop_partial_line(journal: Path) -> None:
    """Remove a last line that a killed search had not finished, which Optuna cannot read."""
    text = journal.read_bytes() if journal.exists() else b""
    if text and not text.endswith(b"\n"):
        journal.write_bytes(text[: text.rfind(b"\n") + 1])


def _fail_unfinished_trials(study: "optuna.Study") -> None:
    """Fail the running and waiting trials of a killed search: they are enqueued anew, in their order."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
    for _ in study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        study.tell(study.ask(), state=TrialState.FAIL)


def _key(params: Mapping[str, Any]) -> str:
    return json.dumps(params, sort_keys=True)


def _journal(journal: Path) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.with_name(journal.name + ".lock").unlink(missing_ok=True)  # of a search that was killed
    drop_partial_line(journal)
    return JournalStorage(JournalFileBackend(str(journal)))


def _database(address: str) -> Any:
    from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError

    shown = _without_password(address)
    try:
        check_storage(address)
    except InputError as error:
        raise InputError(f"search.{error}") from error
    for attempts_left in reversed(range(CONNECT_ATTEMPTS)):
        try:
            return _connect(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", address))
        except ImportError as error:
            raise InputError(
                "search.storage: the PostgreSQL driver is not installed; `make run EXTRAS=postgresql` installs it"
            ) from error
        except SQLAlchemyError as error:
            if attempts_left and isinstance(error, IntegrityError | ProgrammingError):
                sleep(0.1)  # another machine makes the tables at this moment
                continue
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise InputError(f"search.storage: {shown} cannot be reached: {reason}") from error


def _connect(address: str) -> Any:
    from optuna.exceptions import ExperimentalWarning
    from optuna.storages import RDBStorage

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return RDBStorage(address, heartbeat_interval=HEARTBEAT, grace_period=GRACE_PERIOD)


def check_storage(storage: str) -> None:
    """Check the address of a storage.

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
