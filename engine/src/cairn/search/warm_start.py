"""Parameters to begin a search with: the best of the last search, or those of the model that is promoted."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cairn.files import read_json
from cairn.registry import files, tags
from cairn.search.study import STUDY, Start, complete_trials, load_study

__all__ = ["known"]

LAST_TRIALS = 5  # the best ones of the last search
STAGE = "prod"


def known(start: Start, *, last: Path, model: Path) -> list[dict[str, Any]]:
    """Return parameter sets to try first.

    Parameters
    ----------
    start : `own`: none but the model's; `last`: the best trials of the last search; `champion`: the parameters of
        the model that is promoted
    last : the journal of the last search; there may be none
    model : the path of the model's folder in the repository

    Raises
    ------
    InputError : the promoted model cannot be fetched
    """
    if start == "last":
        return _best_of(last) if last.exists() else []
    if start == "champion" and (promoted := tags.promoted(STAGE)):
        with tempfile.TemporaryDirectory() as folder:
            files.download(promoted.commit, model, Path(folder) / "model")
            node: Mapping[str, Any] = read_json(Path(folder) / "model" / "metadata.json")["params"]
        return [dict(node.get("model", node))]
    return []


def _best_of(journal: Path) -> list[dict[str, Any]]:
    study = load_study(STUDY, "journal", journal)
    sign = -1 if study.direction.name == "MAXIMIZE" else 1
    best = sorted(complete_trials(study), key=lambda trial: sign * (trial.value or 0.0))[:LAST_TRIALS]
    return [dict(trial.params) for trial in best]
