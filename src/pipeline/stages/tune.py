"""Search for the model's parameters on the training part, compared by the validation part or by folds of both."""

import hashlib
import json
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from cairn import config, layout
from cairn.files import read_json, remove, write_json, written
from cairn.search import history, search, warm_start
from cairn.search.automl import beside
from cairn.search.comparison import metric_of
from cairn.search.search import Found
from cairn.training import parts
from cairn.training.training import ENSEMBLE, HELD_OUT

# The role of the column whose rows a split keeps together, and so must the folds. Of any other split the folds know
# nothing, such as that it goes by time: then the validation part alone compares, and nothing is fitted on it.
SHUFFLED = {"cairn.tables.split.stratified": "id", "cairn.tables.split.by_group": "group"}


def main() -> None:
    started, params, schema = monotonic(), config.load(), read_json(layout.SCHEMA)
    journal = layout.STUDIES / f"{fingerprint(params)}.journal"
    role = SHUFFLED.get(params["split"]["_target_"])
    together = params["data"][role] if role else None
    seen = parts.read(layout.TRAIN, layout.VALID, schema, params["signature"], together=together)
    found = config.call(
        params["search"],
        model=params["model"],
        problem=seen.problem(seed=params["seed"], ordered=role is None),
        journal=journal,
        known=warm_start.known(params["search"].get("start", "own"), last=layout.LAST_STUDY, model=layout.MODEL),
        started=started,
    )
    with written(layout.MEMBERS) as folder:
        tuned = _write(found, params["model"], folder)
    write_json(tuned, layout.TUNED)
    _, upwards = metric_of(params["search"].get("metric", "auto"), schema["task"])
    with written(layout.SEARCH) as folder:
        history.log(found.trials, folder, greater_is_better=upwards)
        for name, rows in history.plots(found.trials, greater_is_better=upwards).items():
            write_json(rows, folder / f"{name}.json")
    with written(layout.LEADERBOARD) as page:
        page.write_text(history.leaderboard(found.trials, greater_is_better=upwards), encoding="utf-8")
    write_json({"trials": found.trials}, layout.TRIALS)
    if journal.exists():  # a finished search is kept to be looked at; only a killed one is gone on with
        journal.replace(layout.LAST_STUDY)
        remove(beside(journal))
    print(_said(found))


def fingerprint(params: dict[str, Any]) -> str:
    """Name a study by all that decides its trials, so that no other search goes on with its journal."""
    decisive = [params["model"], params["search"], params["seed"], params["split"]["_target_"]]
    digest = hashlib.sha256(json.dumps(decisive).encode())
    for path in (layout.SCHEMA, layout.TRAIN, layout.VALID, layout.CODE / "tune.txt"):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _write(found: Found, model: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Keep the fitted members of an ensemble, and give what training is told: a node, or these members."""
    folder.mkdir()
    chosen = [] if found.chosen is None else found.chosen.members
    write_json([{"trial": each.trial, "weight": round(each.weight, 6)} for each in chosen], folder / "members.json")
    if found.chosen is None:
        own = {key: value for key, value in model.items() if key not in search.KEYS}
        return {"model": own | found.params, "rounds": found.rounds}
    found.chosen.move_to(folder / ENSEMBLE)
    said = found.chosen._asdict()
    np.savez(folder / HELD_OUT, **{key: said[key] for key in ("places", "predicted", "sample", "sampled")})
    return {"members": [{"weight": round(each.weight, 6), "model": each.node} for each in found.chosen.members]}


def _said(found: Found) -> str:
    if found.chosen is not None:
        models = sum(len(member.models) for member in found.chosen.members)
        return f"{len(found.trials)} candidates; the ensemble has {len(found.chosen.members)}, in {models} models"
    scores = [trial["score"] for trial in found.trials if trial["state"] == "complete"]
    if not scores:
        return "no search: the model keeps its own parameters"
    words = (
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in found.params.items()
    )
    return f"best of {len(found.trials)} trials: {found.score:.4g} with {', '.join(words)}"


if __name__ == "__main__":
    config.run(main)
