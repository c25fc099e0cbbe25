"""Find the model that a stage or a version points to, and fetch its files: its gates passed, its bytes as recorded."""

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
class ModelSource:
    """A model on this machine.

    Parameters
    ----------
    folder : where its files are
    name, version, stage : as a prediction names it; a local model has no version and no stage
    commit : the one that made it
    metrics : the figures of its test part
    trusted : dotted names of the project's own types that the model may hold; from the project's settings
    """

    folder: str
    name: str = ARTIFACT
    version: str | None = None
    stage: str | None = None
    commit: str | None = None
    metrics: dict[str, float] | None = None
    trusted: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON content."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Read what `to_json` returned."""
        return cls(**content)


@dataclass(frozen=True)
class ModelSelector:
    """Which model is wanted, and where a project keeps its models and their reports.

    Parameters
    ----------
    model, trained, gates, metrics : their paths in the repository
    stage, version, path : one of them: what is promoted there, a version, or a model's folder
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


def fetch_model(selector: ModelSelector) -> ModelSource:
    """Find the selected model, and fetch its files to this machine.

    Raises
    ------
    InputError : nothing is promoted, the gates of what is promoted have not passed, or its bytes cannot be had
    """
    if selector.path is not None:
        return ModelSource(str(Path(selector.path).resolve()), trusted=selector.trusted)
    promotion.fetch(selector.remote)
    registry = tags.read()
    if selector.stage is not None:
        current = registry.current(selector.stage)
        if current is None:
            raise InputError(
                f"nothing is in {selector.stage}; `cairn promote {selector.stage}` promotes this commit's model"
            )
        version, commit = current
        _refuse_unapproved(selector, registry, version, commit)
    else:
        version = str(selector.version).removeprefix(f"{ARTIFACT}@")
        if version not in registry.versions:
            raise InputError(f"no version {version!r} {did_you_mean(version, registry.versions)}; see `cairn models`")
        commit = registry.versions[version].commit
    made = record.passed(commit, model=Path(selector.model), trained=Path(selector.trained), gates=Path(selector.gates))
    folder = _fetch_files(commit, Path(selector.model), made.model)
    (figures,) = record.figures([commit], Path(selector.metrics))
    return ModelSource(str(folder), ARTIFACT, version, selector.stage, commit, figures, selector.trusted)


def _fetch_files(commit: str, path: Path, expected: str) -> Path:
    """Return a folder with a commit's model, from this machine's store, the DVC cache or the remote.

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
        if (actual := digest(partial)) != expected:
            raise InputError(f"{path} of commit {commit[:7]}: its hash is {actual}, and dvc.lock says {expected}")
    return folder


def main() -> None:
    """Fetch a model, print where it is, and check that it loads; a server runs this in a process of its own."""
    from cairn.models import saved

    source = fetch_model(ModelSelector(**json.loads(sys.argv[1])))
    print(json.dumps(source.to_json()), flush=True)
    saved.load(Path(source.folder), trusted=source.trusted)


def _store() -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "cairn" / "models"


def _refuse_unapproved(selector: ModelSelector, registry: tags.Tags, version: str, commit: str) -> None:
    if selector.stage not in selector.approval:
        return
    decision = promotion.decision(registry, selector.stage, commit)
    if decision is None or decision[0] != promotion.APPROVED:
        raise InputError(f"{version} is in {selector.stage}, and nobody approved it: `cairn promote --approve` does")


if __name__ == "__main__":
    config.run(main)
