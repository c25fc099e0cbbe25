"""Data quality: missing values, unseen levels, values out of range, changed columns and duplicated rows."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.stats import fisher_exact

from cairn.monitoring.documents import Baseline
from cairn.monitoring.finding import Finding
from cairn.monitoring.histograms import Counts, Numbers
from cairn.monitoring.multiple_testing import adjust_p_values
from cairn.monitoring.records import Records

RANGED = {"number", "time"}


class Share(NamedTuple):
    """The rows of a window, and of the reference, that have a fault.

    Parameters
    ----------
    measure : the name of their share
    faulty, rows : of the window
    faulty_before, rows_before : of the reference
    note : the reason why it is not a fault; empty: it is one
    """

    measure: str
    faulty: int
    rows: int
    faulty_before: int
    rows_before: int
    note: str = ""


def measure_quality(
    records: Records, counts: Counts, baseline: Baseline, *, reference: Counts | None = None
) -> list[Finding]:
    """Measure the quality of each window.

    `missing_share`, `unseen_share` (levels that the model does not know) and `out_of_range_share` (values below the
    minimum or above the maximum of the baseline) are shares of rows. Their `change` is the increase over the reference,
    with the p-value of Fisher's exact test, adjusted over the window. `changed` is 1 for a column that differs from the
    model's signature, in the newest window; `duplicated_share` counts rows whose request was recorded before in the
    same window.

    Parameters
    ----------
    records : open
    counts : of its windows
    baseline : of the model
    reference : counts of recorded windows, in place of the baseline's
    """
    results = []
    duplicated = _duplicated(records)
    windows_with_rows = [window.number for window in records.windows if window.rows]
    for window in records.windows:
        findings = [
            _finding(window.number, name, share)
            for name, rows in counts.columns.items()
            for share in _shares(
                rows[window.number], _reference_rows(baseline, reference, name), baseline.columns[name].kind
            )
        ]
        results += adjust_p_values(findings)
        if window.rows:
            share = duplicated.get(window.number, 0) / window.rows
            results.append(
                Finding(window.number, "quality", "", "duplicated_share", share, 0.0, share, rows=window.rows)
            )
        if windows_with_rows and window.number == windows_with_rows[-1]:
            results += [
                Finding(window.number, "quality", name, "changed", 1.0, 0.0, 1.0, rows=window.rows, note=what)
                for name, what in records.changed.items()
            ]
    return results


def _reference_rows(baseline: Baseline, reference: Counts | None, name: str) -> Numbers:
    if reference is not None:
        pooled: Numbers = reference.columns[name].sum(axis=0)
        return pooled
    column = baseline.columns[name]
    return np.array([*column.rows, column.missing], dtype=np.int64)


def _shares(rows: Numbers, before: Numbers, kind: str) -> Iterator[Share]:
    """Count each fault that a column of a kind can have; rows of shape (n_bins + 1,), the last are missing."""
    total, total_before = int(rows.sum()), int(before.sum())
    yield Share("missing_share", int(rows[-1]), total, int(before[-1]), total_before)
    known, known_before = total - int(rows[-1]), total_before - int(before[-1])
    if kind == "category":
        yield Share("unseen_share", int(rows[-2]), known, int(before[-2]), known_before)
    elif kind in RANGED:
        faulty, faulty_before = int(rows[0] + rows[-2]), int(before[0] + before[-2])
        note = "times move on" if kind == "time" else ""
        yield Share("out_of_range_share", faulty, known, faulty_before, known_before, note)


def _finding(window: int, name: str, share: Share) -> Finding:
    if share.rows == 0 or share.rows_before == 0:
        note = "no rows" if share.rows == 0 else "nothing to compare with"
        return Finding(window, "quality", name, share.measure, None, rows=share.rows, note=note)
    value, before = share.faulty / share.rows, share.faulty_before / share.rows_before
    if share.note:
        return Finding(window, "quality", name, share.measure, value, before, rows=share.rows, note=share.note)
    p_value = _p_value(share) if value > before else 1.0
    return Finding(window, "quality", name, share.measure, value, before, value - before, p_value, rows=share.rows)


def _p_value(share: Share) -> float:
    """Test whether a share is larger than the reference's.

    For `out_of_range_share` the reference counts at least two faulty rows: its own minimum and maximum.
    """
    faulty_before = max(share.faulty_before, 2) if share.measure == "out_of_range_share" else share.faulty_before
    table = [[share.faulty, share.rows - share.faulty], [faulty_before, max(share.rows_before - faulty_before, 0)]]
    return float(fisher_exact(table, alternative="greater").pvalue)


def _duplicated(records: Records) -> dict[int, int]:
    return dict(
        records.connection.execute(
            "SELECT window_number, count(*) - count(DISTINCT hash(request_id, row)) FROM recorded GROUP BY ALL"
        ).fetchall()
    )
