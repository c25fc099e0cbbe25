"""Hold the model against its gates and the champion, and write down every answer."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cairn import config, layout
from cairn.files import read_json, write_json
from cairn.registry import files, tags
from cairn.registry.git import texts

if TYPE_CHECKING:
    import pandas as pd


def main() -> None:
    params = config.load()
    measured, slices, bias = (read_json(path) for path in (layout.EVALUATION, layout.SLICES, layout.BIAS))
    champion = _compare_with_champion(params)
    results = config.call(params["gates"], metrics=measured, slices=slices, champion=champion, bias=bias)
    passed = all(result["passed"] for result in results)
    told = {"passed": passed, "newest": _newest(params["data"]["time"]), "champion": champion, "gates": results}
    write_json(told, layout.GATES)


def _compare_with_champion(params: dict[str, Any]) -> dict[str, Any] | None:
    """Score the promoted model and this one on the same test rows; None where nothing is promoted.

    Rows that are newer than all that the champion was made from are new to both, so where there are enough, it is them.
    """
    promoted = tags.promoted(params["gates"]["champion_stage"])
    if promoted is None:
        return None
    from cairn.evaluation import scores
    from cairn.models import saved
    from cairn.rows import signature

    table, since = _new_to(promoted.commit, signature.read(layout.TEST), params)
    with tempfile.TemporaryDirectory() as folder:
        champion_folder = Path(folder) / "model"
        files.download(promoted.commit, layout.MODEL, champion_folder)
        champion = saved.load(champion_folder)
    challenger = saved.load(layout.TRAINED)
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
    told = {"version": promoted.version, "commit": promoted.commit, "rows": len(table), "newer_than": since}
    return {**told, "metrics": compared}


def _new_to(commit: str, table: "pd.DataFrame", params: dict[str, Any]) -> tuple["pd.DataFrame", Any]:
    """Keep the rows that a commit's model cannot have seen, and say since when; all where too few are known to be."""
    from cairn.evaluation import scores

    (report,) = texts([f"{commit}:{layout.GATES.as_posix()}"])
    seen, time = json.loads(report or "{}").get("newest"), params["data"]["time"]
    if time is None or seen is None:
        return table, None
    recent = scores.newer(table, time, seen)
    return (recent, seen) if len(recent) >= params["evaluation"]["slice_rows"] else (table, None)


def _newest(time: str | None) -> str | float | None:
    """Give the time of the newest row of all parts; None where no column orders them."""
    if time is None:
        return None
    from cairn.evaluation import scores
    from cairn.rows import signature

    return scores.newest([signature.read(path, [time]) for path in (layout.TRAIN, layout.VALID, layout.TEST)], time)


if __name__ == "__main__":
    config.run(main)
