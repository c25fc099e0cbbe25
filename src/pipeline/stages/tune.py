"""Search for the model's parameters on the training part, compared by the validation part."""

import hashlib
import json
from pathlib import Path

from pipeline import config
from pipeline.files import read_json, write_json
from pipeline.modeling import search, signature
from pipeline.modeling.search import Found, Rows
from pipeline.stages import paths


def main() -> None:
    params = config.load()
    schema = read_json(paths.SCHEMA)
    columns = [*schema["features"], schema["target"]]
    train, validation = signature.read(paths.TRAIN, columns), signature.read(paths.VALID, columns)
    seen = config.call(
        params["signature"],
        train=train,
        features=schema["features"],
        target=schema["target"],
        task=schema["task"],
        classes=schema["classes"],
    )
    journal = paths.STUDIES / f"{fingerprint(params)}.journal"
    found = config.call(
        params["search"],
        model=params["model"],
        train=Rows(seen.frame(train), seen.labels(train)),
        validation=Rows(seen.frame(validation), seen.labels(validation)),
        task=schema["task"],
        n_classes=len(schema["classes"] or []),
        seed=params["seed"],
        journal=journal,
    )
    write_json({"trials": found.trials}, paths.TRIALS)
    own = {key: value for key, value in params["model"].items() if key != "space"}
    write_json(own | found.params, paths.TUNED)
    if journal.exists():  # a finished search is kept to be looked at; only a killed one is gone on with
        journal.replace(paths.STUDIES / "finished.journal")
    print(_said(found))


def fingerprint(params: dict[str, object]) -> str:
    """Name a study by all that decides its trials, so that no other search goes on with its journal."""
    digest = hashlib.sha256(json.dumps([params[key] for key in ("model", "search", "seed")]).encode())
    code = sorted(Path(search.__file__).parent.glob("*.py"))
    for path in (paths.SCHEMA, paths.TRAIN, paths.VALID, *code):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _said(found: Found) -> str:
    best = min((trial["score"] for trial in found.trials if trial["state"] == "complete"), default=None)
    if best is None:
        return "no search: the model keeps its own parameters"
    words = (
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in found.params.items()
    )
    return f"best of {len(found.trials)} trials: {best:.4g} with {', '.join(words)}"


if __name__ == "__main__":
    config.run(main)
