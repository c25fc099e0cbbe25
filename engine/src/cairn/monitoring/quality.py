"""Whether rows come as the model knows them: nothing more missing, no strange levels, values in range, each once."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from cairn.monitoring.finding import Finding
from cairn.monitoring.histograms import Counts, Numbers
from cairn.monitoring.multiple_testing import corrected
from cairn.monitoring.records import Recorded

RANGED = {"number", "time"}


class Share(NamedTuple):
    """How many rows of a window, and of the reference, have some trouble.

    Parameters
    ----------
    measure : the name of their share
    odd, rows : of the window
    odd_before, rows_before : of the reference
    note : why it is no trouble
    """

    measure: str
    odd: int
    rows: int
    odd_before: int
    rows_before: int
    note: str = ""


def quality(
    recorded: Recorded, counts: Counts, baseline: Mapping[str, Any], *, reference: Counts | None = None
) -> list[Finding]:
    """Measure the quality of each window.

    `missing_share`, `unseen_share` (levels that the model does not know) and `out_of_range_share` (below the smallest
    or above the largest value that was known when the model was made) are shares of rows, and `change` is by how much
    they exceed the reference's, with the p value of Fisher's exact test, corrected over the window. `changed` is 1 for
    a column that is not as the model knows it, in the newest window; `duplicated_share` counts rows whose request was
    recorded before in the same window.

    Parameters
    ----------
    recorded : open
    counts : of its windows
    baseline : what `cairn.monitoring.baseline` made
    reference : counts of recorded windows that stand in for the baseline's
    """
    found = []
    duplicated = _duplicated(recorded)
    filled = [window.number for window in recorded.windows if window.rows]
    for window in recorded.windows:
        findings = [
            _finding(window.number, name, share)
            for name, rows in counts.columns.items()
            for share in _shares(rows[window.number], _before(baseline, reference, name), baseline["columns"][name])
        ]
        found += corrected(findings)
        if window.rows:
            share = duplicated.get(window.number, 0) / window.rows
            found.append(Finding(window.number, "quality", "", "duplicated_share", share, 0.0, share, rows=window.rows))
        if filled and window.number == filled[-1]:
            found += [
                Finding(window.number, "quality", name, "changed", 1.0, 0.0, 1.0, rows=window.rows, note=what)
                for name, what in recorded.changed.items()
            ]
    return found


def _before(baseline: Mapping[str, Any], reference: Counts | None, name: str) -> Numbers:
    if reference is not None:
        pooled: Numbers = reference.columns[name].sum(axis=0)
        return pooled
    described = baseline["columns"][name]
    return np.array([*described["rows"], described["missing"]], dtype=np.int64)


def _shares(rows: Numbers, before: Numbers, described: Mapping[str, Any]) -> Iterator[Share]:
    """Give what can be wrong with a column; rows of shape (n_bins + 1,), the last are missing."""
    total, total_before = int(rows.sum()), int(before.sum())
    yield Share("missing_share", int(rows[-1]), total, int(before[-1]), total_before)
    there, there_before = total - int(rows[-1]), total_before - int(before[-1])
    if described["kind"] == "category":
        yield Share("unseen_share", int(rows[-2]), there, int(before[-2]), there_before)
    elif described["kind"] in RANGED:
        odd, odd_before = int(rows[0] + rows[-2]), int(before[0] + before[-2])
        note = "times move on" if described["kind"] == "time" else ""
        yield Share("out_of_range_share", odd, there, odd_before, there_before, note)


def _finding(window: int, name: str, share: Share) -> Finding:
    if share.rows == 0 or share.rows_before == 0:
        why = "no rows" if share.rows == 0 else "nothing to compare with"
        return Finding(window, "quality", name, share.measure, None, rows=share.rows, note=why)
    value, before = share.odd / share.rows, share.odd_before / share.rows_before
    if share.note:
        return Finding(window, "quality", name, share.measure, value, before, rows=share.rows, note=share.note)
    chance = _chance(share) if value > before else 1.0
    return Finding(window, "quality", name, share.measure, value, before, value - before, chance, rows=share.rows)


def _chance(share: Share) -> float:
    """Give the p value of a larger share; of rows as those of the reference, two would lie beyond its range."""
    from scipy.stats import fisher_exact

    odd_before = max(share.odd_before, 2) if share.measure == "out_of_range_share" else share.odd_before
    table = [[share.odd, share.rows - share.odd], [odd_before, max(share.rows_before - odd_before, 0)]]
    return float(fisher_exact(table, alternative="greater").pvalue)


def _duplicated(recorded: Recorded) -> dict[int, int]:
    return dict(
        recorded.connection.execute(
            "SELECT window_number, count(*) - count(DISTINCT hash(request_id, row)) FROM recorded GROUP BY ALL"
        ).fetchall()
    )
