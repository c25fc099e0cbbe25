"""Read what a commit records of its model: the hash of its bytes, whether its gates passed, its metrics.

Everything is read from the commit and nothing from the working tree, so it works for any version at any time.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cairn.documents import parse_document
from cairn.errors import InputError
from cairn.evaluation.documents import GateReport
from cairn.registry.git import texts


class Record(NamedTuple):
    """A model that passed its gates.

    Parameters
    ----------
    commit : the one that made it
    model : the hash by which DVC knows its folder, such as `935d9cdf….dir`
    lock : dvc.lock's stages
    """

    commit: str
    model: str
    lock: dict[str, Any]


def passed(commit: str, *, model: Path, trained: Path, gates: Path) -> Record:
    """Check that the gates of a commit passed, and that this very model passed them.

    The promoted folder is the trained model with its card, so the stage that packs it must have read the same trained
    model as the stage that judged the gates, and the report that this stage wrote.

    Parameters
    ----------
    commit : its hash
    model : path of the promoted folder in the repository
    trained : path of the trained model that was judged
    gates : path of the gates' report

    Raises
    ------
    InputError : a gate failed, there is no report, or the report belongs to another model than dvc.lock's
    """
    where = f"commit {commit[:7]}"
    report, lock_text = texts([f"{commit}:{gates.as_posix()}", f"{commit}:dvc.lock"])
    if report is None or lock_text is None:
        missing = gates if report is None else "dvc.lock"
        raise InputError(
            f"{where} has no {missing}, so its gates have not passed: `dvc repro`, and commit what it made"
        )
    lock = stages(lock_text)
    packed = _entry(lock, "outs", model)
    judged = _entry(lock, "outs", gates)
    if packed is None or judged is None:
        raise InputError(f"{where}: no stage of dvc.lock makes {model if packed is None else gates}; `dvc repro` first")
    if judged["md5"] != hashlib.md5(report.encode(), usedforsecurity=False).hexdigest():
        raise InputError(f"{where}: {gates} is not the one that dvc.lock knows: `dvc repro`, and commit both")
    judge, packer, fitted = _maker(lock, gates), _maker(lock, model), _entry(lock, "outs", trained)
    if fitted is None or any(_read(stage, trained) != fitted["md5"] for stage in (judge, packer)):
        raise InputError(f"{where}: {gates} is of another model than dvc.lock's: `dvc repro`, and commit both")
    if _read(packer, gates) != judged["md5"]:
        raise InputError(f"{where}: {model} was made with another {gates}: `dvc repro`, and commit both")
    answers = parse_document(GateReport, report, f"{where}: {gates}")
    if answers.failed:
        names = "; ".join(result.gate for result in answers.failed)
        raise InputError(f"{where}: {len(answers.failed)} of {len(answers.gates)} gates failed: {names}")
    if not answers.passed:
        raise InputError(f"{where}: {gates} does not say that the gates passed")
    return Record(commit, packed["md5"], lock)


def figures(commits: Sequence[str], metrics: Path) -> list[dict[str, float]]:
    """Read the metrics of the test part of each commit in one call of git; empty where a commit has none."""
    contents = texts([f"{commit}:{metrics.as_posix()}" for commit in commits])
    return [{} if text is None else json.loads(text).get("test", {}) for text in contents]


def stages(text: str) -> dict[str, Any]:
    """Parse the stages of a dvc.lock, by libyaml where it is installed, because the file is long."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content: dict[str, Any] = yaml.load(text, Loader=loader)["stages"]  # noqa: S506, both are safe loaders
    return content


def _entry(lock: dict[str, Any], kind: str, path: Path) -> dict[str, Any] | None:
    """Return the entry of a path among the outs or the deps of all stages."""
    entries = (entry for stage in lock.values() for entry in stage.get(kind, []))
    return next((entry for entry in entries if entry["path"] == path.as_posix()), None)


def _read(stage: dict[str, Any], path: Path) -> str | None:
    """Return the hash of a path that a stage read."""
    entry = _entry({"stage": stage}, "deps", path)
    return entry["md5"] if entry else None


def _maker(lock: dict[str, Any], path: Path) -> dict[str, Any]:
    return next(
        stage for stage in lock.values() if any(out["path"] == path.as_posix() for out in stage.get("outs", []))
    )
