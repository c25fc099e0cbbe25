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
from cairn.registry.model_source import Asked, Source


class Current:
    """The file, and how it changes.

    Parameters
    ----------
    folder : of one running server
    asked : what it was told to serve
    """

    def __init__(self, folder: Path, asked: Asked) -> None:
        self.path = folder / "current.json"
        self.asked = asked
        self._trouble = folder / "trouble.json"

    def write(self, source: Source) -> None:
        """Say which model is to be served."""
        write_json(source.to_json(), self.path)

    def read(self) -> Source:
        """Give the model that is to be served."""
        return Source.from_json(read_json(self.path))

    def stamp(self) -> int:
        """Give what changes when the file does."""
        return self.path.stat().st_mtime_ns

    def trouble(self) -> str | None:
        """Say why a newer model is not served; None where there is none, or it is."""
        return read_json(self._trouble) if self._trouble.exists() else None

    def refresh(self) -> None:
        """Look at the tags, and serve what they point to now; slow, so not in a thread that answers.

        What cannot be served changes nothing; `trouble` says why.
        """
        if self.asked.stage is None:
            return
        with self._alone():
            try:
                self._refresh(self.asked.stage)
                self._trouble.unlink(missing_ok=True)
            except InputError as error:
                if str(error) != self.trouble():
                    print(f"warning: {error}; {self.read().version} goes on", file=sys.stderr, flush=True)
                write_json(str(error), self._trouble)

    def _refresh(self, stage: str) -> None:
        promotion.fetch(self.asked.remote)
        now, found = self.read(), tags.read().current(stage)
        if found is None or (found.version, found.commit) != (now.version, now.commit):
            self.write(_found_apart(self.asked))

    def leads(self) -> bool:
        """Say whether this process is the one that looks at the tags; when it ends, another one is."""
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


def _found_apart(asked: Asked) -> Source:
    """Find the model, and see that it loads, in a process of its own: this one has requests to answer."""
    command = [sys.executable, "-m", "cairn.registry.model_source", json.dumps(asdict(asked))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(done.stderr.strip().splitlines()[-1].removeprefix("error: "))
    content: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Source.from_json(content)
