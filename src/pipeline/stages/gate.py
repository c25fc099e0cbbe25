"""Hold the model against its gates and the champion; write the report first, then fail if any gate does."""

import tempfile
from pathlib import Path
from typing import Any

from pipeline import config
from pipeline.errors import InputError
from pipeline.evaluation import gates
from pipeline.files import read_json, write_json
from pipeline.registry import files, tags
from pipeline.stages import paths


def main() -> None:
    params = config.load()
    measured, slices = read_json(paths.EVALUATION), read_json(paths.SLICES)
    champion = _compare_with_champion(params)
    results = config.call(params["gates"], metrics=measured, slices=slices, champion=champion)
    failed = [result for result in results if not result["passed"]]
    write_json({"passed": not failed, "champion": champion, "gates": results}, paths.GATES)
    print(gates.table(results))
    if failed:
        raise InputError(f"{len(failed)} of {len(results)} gates failed; {paths.GATES} says which, reports/ shows why")


def _compare_with_champion(params: dict[str, Any]) -> dict[str, Any] | None:
    """Score the promoted model and this one on the same test rows; None where nothing is promoted."""
    promoted = tags.promoted(params["gates"]["champion_stage"])
    if promoted is None:
        return None
    from pipeline.evaluation import scores
    from pipeline.modeling import saved, signature

    table = signature.read(paths.TEST)
    with tempfile.TemporaryDirectory() as folder:
        champion_folder = Path(folder) / "model"
        files.download(promoted.commit, paths.MODEL, champion_folder)
        champion = saved.load(champion_folder)
    challenger = saved.load(paths.MODEL)
    compared = scores.compare(
        champion=scores.predictions(champion, table),
        challenger=scores.predictions(challenger, table),
        task=challenger.signature.task,
        thresholds=(champion.signature.threshold, challenger.signature.threshold),
        values=params["decision"]["values"],
        seed=params["seed"],
        resamples=params["evaluation"]["resamples"],
        confidence=params["evaluation"]["confidence"],
    )
    return {"version": promoted.version, "commit": promoted.commit, "metrics": compared}


if __name__ == "__main__":
    config.run(main)
