"""Bring what the stages wrote into the form in which the report shows it."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cairn.report import metric_text


def training_curves(log: Path) -> list[dict[str, Any]]:
    """Read the curves that dvclive wrote; none for a model without rounds.

    Parameters
    ----------
    log : its folder

    Returns
    -------
    list of dict : `series` (the part of the rows), `metric`, `step` and `value`
    """
    rows = []
    for path in sorted((log / "plots" / "metrics").glob("*/*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                step, value = int(row["step"]), float(row[path.stem])
                rows.append({"series": path.parent.name, "metric": path.stem, "step": step, "value": value})
    return rows


def confusion(pairs: Sequence[Mapping[str, Any]], classes: Sequence[Any] | None) -> dict[str, Any] | None:
    """Count the rows of each actual and predicted class.

    Parameters
    ----------
    pairs : one mapping a row, `actual` and `predicted`; of many rows, in proportion
    classes : in the order of the table

    Returns
    -------
    dict : `classes` with how they are spelt, `rows` in all, and `counts` by actual and predicted class;
        None for a regression
    """
    if classes is None:
        return None
    names = [str(each) for each in classes]
    counted = Counter((row["actual"], row["predicted"]) for row in pairs)
    counts = {actual: {said: counted[actual, said] for said in names} for actual in names}
    spelt = {str(each): metric_text.value(each) for each in classes}
    return {"classes": spelt, "rows": len(pairs), "counts": counts}
