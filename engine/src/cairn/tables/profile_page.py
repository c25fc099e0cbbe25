"""The page that skrub makes of a table, kept steady: the same rows give the same bytes."""

import os
import re
import tempfile
import warnings
from html import escape
from itertools import count
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 20, 2000  # rows and cells, at most, of the table that a person clicks through
LEAST = 0.1  # Cramer's V of two columns of ten levels each that are independent is about 0.05 in 3,000 rows


def write_page(rows: "pd.DataFrame", path: Path, *, title: str, pictures: bool) -> list[dict[str, Any]]:
    """Write a page that works without a network, and give the strongest associations between columns.

    Parameters
    ----------
    rows : DataFrame of shape (n_rows, n_columns)
    path : the file to write
    title : of the page
    pictures : whether it has pictures and associations, which take time by the column, and by the pair

    Returns
    -------
    list : the two `columns`, `cramer_v` (0 to 1; numbers in 10 bins, the 10 most frequent texts, missing values as one
        more) and `pearson` (None unless both are numbers), the strongest first; skrub looks at 3,000 rows
    """
    import matplotlib

    # skrub imports pyplot, which would look for a screen
    matplotlib.use("agg")
    # skrub, once imported, makes a folder for data sets that it could download: in the person's home, if not told
    os.environ.setdefault("SKB_DATA_DIRECTORY", tempfile.gettempdir())
    from skrub import TableReport

    with matplotlib.rc_context({"svg.hashsalt": "profile"}), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # infinite values have no mean
        report = TableReport(
            rows,
            n_rows=min(SHOWN[0], SHOWN[1] // max(1, rows.shape[1])),
            title=title,
            verbose=0,
            plot_distributions=pictures,
            compute_associations=pictures,
        )
        page = report.html()
    path.write_text(steady(page, title), encoding="utf-8")
    pairs = report.dict().get("top_associations", [])
    return [
        {
            "columns": [each["left_column_name"], each["right_column_name"]],
            "cramer_v": round(each["cramer_v"], 3),
            "pearson": None if isnan(each["pearson_corr"]) else round(each["pearson_corr"], 3),
        }
        for each in pairs
        if each["cramer_v"] >= LEAST
    ]


def steady(page: str, title: str) -> str:
    """Take out of a page what differs between two equal runs: random identifiers, and the time of each picture."""
    numbers = count()
    page = page.replace("<title>skrub report</title>", f"<title>{escape(title)}</title>", 1)
    page = re.sub(r"\s*<dc:date>[^<]*</dc:date>", "", page)
    page = re.sub(r"\breport_[0-9a-f]{8}\b", "report_0", page)
    return re.sub(r'\bid="[0-9a-f]{8}"', lambda _: f'id="cell_{next(numbers)}"', page)
