"""Finished projects whose models are watched: the shop as it is cloned, and elec2, trained on its first half."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.project import Project
from cairn.documents import from_json
from cairn.files import read_json
from cairn.monitoring.documents import Baseline

WEEK = 336  # half hours
HALF = 67 * WEEK  # of the 944 days of elec2: what is trained on, and tested
FIRST_DAY = np.datetime64("1996-05-07T00:00:00")


class Watched(NamedTuple):
    """A finished project.

    Parameters
    ----------
    folder : its root
    params : as it composed them
    baseline : of its model
    """

    folder: Path
    params: dict[str, Any]
    baseline: Baseline

    @property
    def model(self) -> Any:
        """Its model, loaded."""
        from cairn.models import saved

        return saved.load(self.folder / "models/trained")


def finished(folder: Path) -> Watched:
    """Open a project in which `dvc repro` has ended."""
    from cairn import config

    params = config.read_yaml(folder / "params.yaml")
    path = folder / "models/baseline.json"
    baseline = from_json(Baseline, read_json(path), str(path))
    return Watched(folder, params, baseline)


def shop(folder: Path) -> Watched:
    """Clone this project's last commit, and run it as it is, as far as the baseline."""
    project = Project(folder)
    project.run("dvc", "repro", "baseline")
    return finished(folder)


def elec2(folder: Path, data: Path) -> Watched:
    """Clone it too, and give it the first half of elec2: trained on the older part, tested on the newer one."""
    import pandas as pd

    project = Project(folder)
    table = timed(pd.read_csv(data))[:HALF]
    table.to_parquet(folder / "elec2.parquet", index=False)
    project.edit("conf/config.yaml", data="file", split="time", gates="default")
    project.edit("conf/data/file.yaml", path="elec2.parquet", target="class", time="at")
    project.edit("conf/search/tpe.yaml", trials=10)
    project.run("dvc", "repro", "baseline")
    return finished(folder)


def timed(table: Any) -> Any:
    """Say when each half hour was; the set itself says only which half hour of the day."""
    return table.assign(at=FIRST_DAY + np.arange(len(table)) * np.timedelta64(30, "m"))
