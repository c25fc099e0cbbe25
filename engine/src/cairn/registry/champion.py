"""The promoted model beside a new one, on the same test rows."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cairn.evaluation import own_metrics, scores
from cairn.models import saved
from cairn.models.saved import Model
from cairn.registry import files, tags
from cairn.registry.git import texts
from cairn.rows import signature

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compare", "newest_row"]


def compare(
    stage: str,
    *,
    challenger: Path,
    test: Path,
    model: Path,
    gates: Path,
    time: str | None,
    values: Mapping[str, float] | None,
    seed: int,
    resamples: int,
    confidence: float,
    least_rows: int,
    trusted: Sequence[str],
    metrics: own_metrics.Nodes | None = None,
) -> dict[str, Any] | None:
    """Compare a model with the champion; on the rows that are new to both, where there are enough.

    Parameters
    ----------
    stage : the registry's stage whose model is the champion
    challenger : the folder of the new model
    test : the test part
    model, gates : where a commit keeps its model and its gates' answers
    time : the column that orders rows; None: no column does
    values : what outcomes are worth
    seed, resamples, confidence : of the paired bootstrap
    least_rows : how many rows newer than all of the champion's it takes to compare on these alone
    trusted : dotted names of the project's own types that a model may hold
    metrics : the nodes of the project's own metrics

    Returns
    -------
    dict : `version`, `commit`, `rows`, `newer_than` and, as `paired_difference` gives them, `metrics`; None where
        nothing is promoted
    """
    promoted = tags.promoted(stage)
    if promoted is None:
        return None
    rows, since = _new_rows(promoted.commit, signature.read(test), gates, time, least_rows)
    champion, new = _promoted(promoted.commit, model, trusted), saved.load(challenger, trusted=trusted)
    compared = scores.compare(
        champion=scores.predictions(champion, rows),
        challenger=scores.predictions(new, rows),
        task=new.signature.task,
        thresholds=(champion.signature.threshold, new.signature.threshold),
        values=values,
        seed=seed,
        resamples=resamples,
        confidence=confidence,
        metrics=metrics,
    )
    about = {"version": promoted.version, "commit": promoted.commit, "rows": len(rows), "newer_than": since}
    return {**about, "metrics": compared}


def newest_row(parts: Sequence[Path], time: str | None) -> str | float | None:
    """Return the time of the newest row of all parts; None where no column orders them."""
    if time is None:
        return None
    return scores.newest([signature.read(path, [time]) for path in parts], time)


def _promoted(commit: str, model: Path, trusted: Sequence[str]) -> Model:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "model"
        files.download(commit, model, copy)
        return saved.load(copy, trusted=trusted)


def _new_rows(
    commit: str, rows: "pd.DataFrame", gates: Path, time: str | None, least_rows: int
) -> tuple["pd.DataFrame", Any]:
    """Return the rows that a commit's model cannot have seen, and since when; all rows where these are too few."""
    (report,) = texts([f"{commit}:{gates.as_posix()}"])
    newest = json.loads(report or "{}").get("newest")
    if time is None or newest is None:
        return rows, None
    recent = scores.newer(rows, time, newest)
    return (recent, newest) if len(recent) >= least_rows else (rows, None)
