"""Which model all processes of a server serve now: a small file that is replaced as a whole, and looked at often.

Only a model that loads gets there, so a process that begins anew can always serve it.
"""

import fcntl
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cairn.errors import InputError
from cairn.files import read_json, write_json
from cairn.registry import promotion, tags
from cairn.registry.model_source import ModelSelector, ModelSource


class Current:
    """The file, and how it changes.

    Parameters
    ----------
    folder : of one running server
    selector : of the model to serve
    """

    def __init__(self, folder: Path, selector: ModelSelector) -> None:
        self.path = folder / "current.json"
        self.selector = selector
        self._trouble = folder / "trouble.json"

    def write(self, source: ModelSource) -> None:
        """Write which model is to be served."""
        write_json(source.to_json(), self.path)

    def read(self) -> ModelSource:
        """Return the model that is to be served."""
        return ModelSource.from_json(read_json(self.path))

    def stamp(self) -> int:
        """Return a number that changes when the file does."""
        return self.path.stat().st_mtime_ns

    def trouble(self) -> str | None:
        """Return why a newer model is not served; None if there is none, or if it is served."""
        return read_json(self._trouble) if self._trouble.exists() else None

    def refresh(self) -> None:
        """Look at the tags, and serve what they point to now; slow, so not in a thread that answers.

        What cannot be served changes nothing; `trouble` says why.
        """
        if self.selector.stage is None:
            return
        with self._alone():
            try:
                self._refresh(self.selector.stage)
                self._trouble.unlink(missing_ok=True)
            except InputError as error:
                if str(error) != self.trouble():
                    print(f"warning: {error}; {self.read().version} goes on", file=sys.stderr, flush=True)
                write_json(str(error), self._trouble)

    def _refresh(self, stage: str) -> None:
        promotion.fetch(self.selector.remote)
        now, found = self.read(), tags.read().current(stage)
        if found is None or (found.version, found.commit) != (now.version, now.commit):
            self.write(_fetch_in_new_process(self.selector))

    def leads(self) -> bool:
        """Return True if this process is the one that looks at the tags; when it ends, another takes over."""
        if not hasattr(self, "_lead"):
            self._lead = self.path.with_suffix(".lead").open("w")
        try:
            fcntl.flock(self._lead, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _fetch_in_new_process(selector: ModelSelector) -> ModelSource:
    """Fetch the model, and check that it loads, in a process of its own: this one has requests to answer."""
    command = [sys.executable, "-m", "cairn.registry.model_source", json.dumps(asdict(selector))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(done.stderr.strip().splitlines()[-1].removeprefix("error: "))
    content: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return ModelSource.from_json(content)
