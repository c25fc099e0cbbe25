"""The settings of conf/monitor for retraining."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Retraining:
    """The settings of `cairn retrain`, started by an alarm.

    Parameters
    ----------
    overrides : arguments of `dvc exp run -S`, such as `data.path=s3://bucket/newest.parquet` or `search.seconds=600`
    pull_request : request a merge: by `gh` on GitHub, by an option of the push on GitLab
    promote : the stage that a model is promoted to by itself once it passed its gates; None: a person promotes it
    """

    overrides: list[str] = field(default_factory=list)
    pull_request: bool = True
    promote: str | None = None
