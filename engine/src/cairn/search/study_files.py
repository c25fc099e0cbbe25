"""The files of a search: the name of its journal, and what it leaves for training, reports and the next search."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cairn.files import remove, write_json, written
from cairn.number_text import parameter, plain
from cairn.search import history
from cairn.search.automl import beside
from cairn.search.search import KEYS, Found
from cairn.training.training import ENSEMBLE, HELD_OUT

__all__ = ["fingerprint", "keep_journal", "summary", "write_reports", "write_tuned"]


def fingerprint(settings: Any, files: Iterable[Path]) -> str:
    """Name a study by all that decides its trials, so that no other search continues its journal.

    Parameters
    ----------
    settings : plain JSON
    files : data and code, whose content counts, in this order
    """
    digest = hashlib.sha256(json.dumps(settings).encode())
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def write_tuned(found: Found, model: Mapping[str, Any], members: Path, tuned: Path) -> None:
    """Write what training is to do: fit one model, or put the fitted members of an ensemble together.

    Parameters
    ----------
    found : the search's result
    model : the node of conf/model
    members : the folder for the models of an ensemble; empty where one model is to be trained
    tuned : the JSON file that training reads
    """
    chosen = found.chosen
    with written(members) as folder:
        folder.mkdir()
        weights = [] if chosen is None else chosen.members
        content = [{"trial": member.trial, "weight": round(member.weight, 6)} for member in weights]
        write_json(content, folder / "members.json")
        if chosen is not None:
            chosen.move_to(folder / ENSEMBLE)
            np.savez(
                folder / HELD_OUT,
                places=chosen.places,
                predicted=chosen.predicted,
                sample=chosen.sample,
                sampled=chosen.sampled,
            )
    if chosen is None:
        own = {key: value for key, value in model.items() if key not in KEYS}
        write_json({"model": own | found.params, "rounds": found.rounds}, tuned)
    else:
        nodes = [{"weight": round(member.weight, 6), "model": member.node} for member in chosen.members]
        write_json({"members": nodes}, tuned)


def write_reports(found: Found, folder: Path, leaderboard: Path, trials: Path, *, greater_is_better: bool) -> None:
    """Write a search's plots, its table of candidates and the list of its trials.

    Parameters
    ----------
    found : the search's result
    folder : for what `dvc plots` draws
    leaderboard, trials : the Markdown and the JSON file
    greater_is_better : of the score
    """
    with written(folder) as partial:
        history.log(found.trials, partial, greater_is_better=greater_is_better)
        for name, rows in history.plots(found.trials, greater_is_better=greater_is_better).items():
            write_json(rows, partial / f"{name}.json")
    with written(leaderboard) as page:
        page.write_text(history.leaderboard(found.trials, greater_is_better=greater_is_better), encoding="utf-8")
    write_json({"trials": found.trials}, trials)


def keep_journal(journal: Path, last: Path) -> None:
    """Keep a finished study as the last one, to be opened or begun with; only a killed one is continued."""
    if journal.exists():
        journal.replace(last)
        remove(beside(journal))


def summary(found: Found) -> str:
    """Return one line on what a search found."""
    if found.chosen is not None:
        models = sum(len(member.models) for member in found.chosen.members)
        return f"{len(found.trials)} candidates; the ensemble has {len(found.chosen.members)}, in {models} models"
    if not any(trial["state"] == "complete" for trial in found.trials):
        return "no search: the model keeps its own parameters"
    parameters = ", ".join(f"{name} {parameter(value)}" for name, value in found.params.items())
    return f"best of {len(found.trials)} trials: {plain(found.score)} with {parameters}"
