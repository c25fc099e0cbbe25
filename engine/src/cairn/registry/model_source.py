"""Which model is served: what a stage or a version points to, with its gates passed and its bytes as recorded."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from cairn import config
from cairn.errors import InputError, did_you_mean
from cairn.files import digest, written
from cairn.registry import files, promotion, record, tags
from cairn.registry.tags import ARTIFACT


@dataclass(frozen=True)
class Source:
    """A model to serve.

    Parameters
    ----------
    folder : where its files are
    name, version, stage : as a prediction names it; a local model has no version and no stage
    commit : the one that made it
    metrics : the figures of its test part
    trusted : dotted names of the project's own types that the model may hold; from the settings of whoever asked
    """

    folder: str
    name: str = ARTIFACT
    version: str | None = None
    stage: str | None = None
    commit: str | None = None
    metrics: dict[str, float] | None = None
    trusted: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """Give plain JSON content."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Read what `to_json` gave."""
        return cls(**content)


@dataclass(frozen=True)
class Asked:
    """What the server was told to serve.

    Parameters
    ----------
    model, trained, gates, metrics : where they stand in the repository
    stage, version, path : one of them
    approval : the stages for which a second person has to have approved
    remote : git's name of the shared repository, whose tags are fetched
    trusted : dotted names of the project's own types that the model may hold
    """

    model: str
    trained: str
    gates: str
    metrics: str
    stage: str | None = None
    version: str | None = None
    path: str | None = None
    approval: tuple[str, ...] = ()
    remote: str = "origin"
    trusted: Sequence[str] = ()


def find(asked: Asked) -> Source:
    """Find the model, and bring its bytes to this machine.

    Raises
    ------
    InputError : nothing is promoted, the gates of what is promoted have not passed, or its bytes cannot be had
    """
    if asked.path is not None:
        return Source(str(Path(asked.path).resolve()), trusted=asked.trusted)
    promotion.fetch(asked.remote)
    known = tags.read()
    if asked.stage is not None:
        current = known.current(asked.stage)
        if current is None:
            raise InputError(f"nothing is in {asked.stage}; `cairn promote {asked.stage}` promotes this commit's model")
        version, commit = current
        _refuse_unapproved(asked, known, version, commit)
    else:
        version = str(asked.version).removeprefix(f"{ARTIFACT}@")
        if version not in known.versions:
            raise InputError(f"no version {version!r} {did_you_mean(version, known.versions)}; see `cairn models`")
        commit = known.versions[version].commit
    made = record.passed(commit, model=Path(asked.model), trained=Path(asked.trained), gates=Path(asked.gates))
    folder = fetched(commit, Path(asked.model), made.model)
    (figures,) = record.figures([commit], Path(asked.metrics))
    return Source(str(folder), ARTIFACT, version, asked.stage, commit, figures, asked.trusted)


def fetched(commit: str, path: Path, expected: str) -> Path:
    """Give a folder with a commit's model, out of this machine's store, the DVC cache or the remote.

    Parameters
    ----------
    commit : the one that made it
    path : the model's folder in the repository
    expected : the hash by which DVC knows it

    Raises
    ------
    InputError : the bytes cannot be had, or are not those
    """
    folder = _store() / expected
    if folder.is_dir():
        if digest(folder) == expected:
            return folder
        print(f"{folder}: not what {commit[:7]} recorded; fetched anew", file=sys.stderr)
    with written(folder) as partial:
        files.download(commit, path, partial)
        if (found := digest(partial)) != expected:
            raise InputError(f"{path} of commit {commit[:7]}: its hash is {found}, and dvc.lock says {expected}")
    return folder


def main() -> None:
    """Print the model that is to be served, and see that it loads: what a server asks a process of its own for."""
    from cairn.models import saved

    source = find(Asked(**json.loads(sys.argv[1])))
    print(json.dumps(source.to_json()), flush=True)
    saved.load(Path(source.folder), trusted=source.trusted)


def _store() -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "cairn" / "models"


def _refuse_unapproved(asked: Asked, known: tags.Tags, version: str, commit: str) -> None:
    if asked.stage not in asked.approval:
        return
    said = promotion.decision(known, asked.stage, commit)
    if said is None or said[0] != promotion.APPROVED:
        raise InputError(f"{version} is in {asked.stage}, and nobody approved it: `cairn promote --approve` does")


if __name__ == "__main__":
    config.run(main)
