"""Simulated shops in a folder: a whole one with its features, and a small one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cairn.datasets.hat_shop import HatShop
from cairn.features.sql import build

CONF = Path(__file__).parents[3] / "conf"
SQL = (CONF / "features" / "hat_shop.sql").read_text(encoding="utf-8")
WINDOW = np.timedelta64(30, "D")
TABLES = ("customers", "questions", "orders")


@dataclass(frozen=True)
class Shop:
    folder: Path

    @property
    def files(self) -> dict[str, Path]:
        return {name: self.folder / "raw" / f"{name}.parquet" for name in TABLES}

    def table(self, name: str) -> pa.Table:
        (path,) = self.folder.glob(f"*/{name}.parquet")
        return pq.read_table(path)

    def column(self, table: str, name: str) -> np.ndarray:
        return self.table(table)[name].to_numpy()


def open_shop(folder: Path, **fields: Any) -> Shop:
    for name in ("raw", "truth", "interim"):
        (folder / name).mkdir(parents=True)
    HatShop(target="bought_hat", **fields).ingest(folder / "raw", folder / "truth")
    return Shop(folder)


def whole(folder: Path) -> Shop:
    """Give a shop of two chunks, the second one cut short, with its features."""
    made = open_shop(folder, customers=40_000, seed=7)
    build(made.files, made.folder / "interim" / "features.parquet", sql=SQL)
    return made


def small(folder: Path) -> Shop:
    """Give a shop of one chunk, without features."""
    return open_shop(folder, customers=1_000, seed=7)


def roc_auc(actual: np.ndarray, score: np.ndarray) -> float:
    """Give the share of (positive, negative) pairs in the right order; ties count half."""
    positive, negative = score[actual], np.sort(score[~actual])
    below = np.searchsorted(negative, positive, side="left") + np.searchsorted(negative, positive, side="right")
    return below.mean() / 2 / len(negative)
