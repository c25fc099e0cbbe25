"""Streams of questions with a drift that is known, or none, as twelve windows of rows with their true answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from cairn.datasets import hat_shop
from cairn.datasets.hat_shop_drift import Drift, Kind
from cairn.features.sql import build

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Tables = dict[str, "pa.Table"]
WINDOWS, ROWS, CHANGED = 12, 1_000, 6  # windows, rows of each, and the first one that has changed
FIRST = 100  # seed of the runs; the limits of conf/monitor were chosen by looking at smaller ones
DAYS = 7  # that a window stands for
CUSTOMERS = ROWS * 365 // DAYS  # of a year
WHEN = "asked_at"
YEAR, REFERENCE_YEAR = 2026, 2025
SQL = "conf/features/hat_shop.sql"
REFERENCE = 20_000  # rows of the model's own year that it has not seen: what peers compare with


@dataclass(frozen=True)
class Scenario:
    """What happens in a stream.

    Parameters
    ----------
    says : in words
    order : `mixed`: customers of the whole year in any order, so that all windows are alike; `calendar`: twelve weeks
        in a row, somewhere in the year
    drift : what changes from the window CHANGED on; None: nothing
    """

    says: str
    order: Literal["mixed", "calendar"]
    drift: Kind | None = None


SCENARIOS = {
    "none": Scenario("no drift: all windows alike", "mixed"),
    "season": Scenario("no drift: twelve weeks of the next year, season and all", "calendar"),
    "younger": Scenario("customers 30 % closer to 18", "mixed", "younger"),
    "richer": Scenario("incomes 40 % higher", "mixed", "richer"),
    "fashion": Scenario("the concept: hat lovers turn from hats, inputs as before", "mixed", "fashion"),
    "cents": Scenario("income arrives in cents", "mixed", "cents"),
    "missing": Scenario("income is missing", "mixed", "missing"),
    "constant": Scenario("income is always 32,000", "mixed", "constant"),
    "new_city": Scenario("one in ten from a city never seen", "mixed", "new_city"),
}


class Stream(NamedTuple):
    """One run of a scenario.

    Parameters
    ----------
    scenario : one of SCENARIOS
    seed : makes it repeatable
    """

    scenario: str
    seed: int

    @property
    def file(self) -> str:
        return f"{self.scenario}-{self.seed}.parquet"


def draw(stream: Stream, root: Path, scratch: Path) -> "pd.DataFrame":
    """Draw a stream.

    Parameters
    ----------
    stream : which one
    root : of the project, where the features' SQL stands
    scratch : an existing folder for its raw tables

    Returns
    -------
    DataFrame of shape (WINDOWS * ROWS, n_features + 4) : the features, `bought_hat`, `asked_at`, `customer_id`, and
        `window`, in order
    """
    import pandas as pd

    about = SCENARIOS[stream.scenario]
    if about.order == "calendar":
        seen = _calendar(stream, about.drift, root, scratch)
    else:
        drifts = [kind and Drift(kind, hat_shop.begin(YEAR)) for kind in (None, about.drift)]
        before, after = (_features(_chunk(stream.seed, YEAR, drift, WINDOWS * ROWS), root, scratch) for drift in drifts)
        seen = pd.concat([before[: CHANGED * ROWS], after[CHANGED * ROWS :]], ignore_index=True)
    return seen.assign(window=np.arange(len(seen)) // ROWS)


def reference(root: Path, scratch: Path) -> "pd.DataFrame":
    """Draw rows of the model's own year that are none of its own; as `draw`, without `window`."""
    return _features(_chunk(1_000_000, REFERENCE_YEAR, None, REFERENCE), root, scratch)


def _calendar(stream: Stream, kind: Kind | None, root: Path, scratch: Path) -> "pd.DataFrame":
    """Give twelve weeks in a row of a year that has a thousand customers a week."""
    import pandas as pd

    first_week = int(np.random.default_rng(stream.seed).integers(0, 40))
    start = hat_shop.begin(YEAR) + first_week * DAYS * hat_shop.DAY
    drift = kind and Drift(kind, start + CHANGED * DAYS * hat_shop.DAY)
    parts = []
    for chunk, first in enumerate(range(0, CUSTOMERS, hat_shop.CHUNK)):
        tables = _chunk(stream.seed, YEAR, drift, min(hat_shop.CHUNK, CUSTOMERS - first), chunk)
        tables["questions"] = _between(tables["questions"], start, start + (WINDOWS + 1) * DAYS * hat_shop.DAY)
        parts.append(_features(tables, root, scratch))
    return pd.concat(parts).sort_values(WHEN, ignore_index=True)[: WINDOWS * ROWS]


def _chunk(seed: int, year: int, drift: Drift | None, rows: int, chunk: int = 0) -> Tables:
    return hat_shop.simulate(seed, chunk * hat_shop.CHUNK, rows, first_order=0, year=year, drift=drift)


def _features(tables: Tables, root: Path, scratch: Path) -> "pd.DataFrame":
    """Give the features by the project's own query."""
    import pyarrow.parquet as pq

    from cairn.rows.signature import read

    files = {name: scratch / f"{name}.parquet" for name in ("customers", "questions", "orders")}
    for name, file in files.items():
        pq.write_table(tables[name], file)
    build(files, scratch / "features.parquet", sql=(root / SQL).read_text(encoding="utf-8"))
    return read(scratch / "features.parquet")


def _between(questions: "pa.Table", start: int, end: int) -> "pa.Table":
    asked = questions[WHEN].to_numpy().astype("datetime64[s]").astype(np.int64)
    return questions.filter((asked >= start) & (asked < end))


def streams(scenarios: list[str], runs: int) -> Iterator[Stream]:
    """Give all streams, the first of every scenario first, so that a bench that is cut short has some of each."""
    for seed in range(FIRST, FIRST + runs):
        for scenario in scenarios:
            yield Stream(scenario, seed)
