"""What conf/monitor says of retraining."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Retraining:
    """How a model is retrained.

    Parameters
    ----------
    overrides : what `dvc exp run -S` takes, such as `data.path=s3://bucket/newest.parquet` or `search.seconds=600`
    pull_request : ask for a merge: by `gh` on GitHub, by an option of the push on GitLab
    promote : the stage that a model which passed its gates is promoted to, without being asked; None: a person does it
    """

    overrides: list[str] = field(default_factory=list)
    pull_request: bool = True
    promote: str | None = None
