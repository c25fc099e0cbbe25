"""Compare a new model with the promoted one, on the same test rows."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cairn.documents import parse_document
from cairn.errors import InputError
from cairn.evaluation import own_metrics, scores
from cairn.evaluation.documents import ChampionComparison, GateReport
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
) -> ChampionComparison | None:
    """Compare a model with the champion, on the rows that are new to both, where there are enough.

    Parameters
    ----------
    stage : the registry's stage whose model is the champion
    challenger : the folder of the new model
    test : the test part
    model, gates : paths of the model and of the gates' report in a commit
    time : the column that orders rows; None: no column does
    values : amounts of the outcomes, as in conf/decision
    seed, resamples, confidence : of the paired bootstrap
    least_rows : of newer rows than the champion's, to compare on these alone
    trusted : dotted names of the project's own types that a model may hold
    metrics : the nodes of the project's own metrics

    Returns
    -------
    ChampionComparison : None where nothing is promoted

    Raises
    ------
    InputError : the champion's bytes cannot be had, or its gates' report is not valid
    """
    promoted = tags.promoted(stage)
    if promoted is None:
        return None
    rows, newer_than = _new_rows(promoted.commit, signature.read(test), gates, time, least_rows)
    champion, new = _promoted(promoted.commit, model, trusted), saved.load(challenger, trusted=trusted)
    differences = scores.compare(
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
    about = {"version": promoted.version, "commit": promoted.commit}
    return ChampionComparison(**about, rows=len(rows), newer_than=newer_than, metrics=differences)


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
) -> tuple["pd.DataFrame", str | float | None]:
    """Return the rows that a commit's model cannot have seen, and since when; all rows where these are too few."""
    where = f"commit {commit[:7]}: {gates}"
    (report,) = texts([f"{commit}:{gates.as_posix()}"])
    newest = parse_document(GateReport, report, where).newest if report else None
    if time is None or newest is None:
        return rows, None
    try:
        recent = scores.newer(rows, time, newest)
    except (TypeError, ValueError):
        raise InputError(f"{where}: newest: {newest!r} cannot be compared with the column {time}") from None
    return (recent, newest) if len(recent) >= least_rows else (rows, None)
