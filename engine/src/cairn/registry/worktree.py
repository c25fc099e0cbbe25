"""A second working tree of the repository for a run in the background, with the same DVC cache and remotes."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cairn.errors import InputError
from cairn.files import remove
from cairn.registry.git import git, run

PLACE = Path(".dvc/tmp/retrain")  # ignored by git; the next run clears what a killed one left there
NO_HOOKS = ("-c", "core.hooksPath=/dev/null")  # of the person's own tree: DVC's would look for data here


class Worktree(NamedTuple):
    """A checked-out commit.

    Parameters
    ----------
    folder : its absolute path
    lock : descriptor of the lock; a child that inherits it keeps the lock even if this process is killed
    """

    folder: Path
    lock: int

    def run(self, *command: str) -> None:
        """Run a command there, on the code of that commit; its output goes to a log, and to a terminal if there is one.

        Raises
        ------
        InputError : it failed
        """
        log = self.folder.with_suffix(".log")
        with (
            log.open("a", encoding="utf-8") as kept,
            subprocess.Popen(
                command,
                cwd=self.folder,
                env=_environment(self.folder),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
                pass_fds=[self.lock],
            ) as process,
        ):
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    kept.write(line)
                    if sys.stderr.isatty():
                        sys.stderr.write(line)
            except BaseException:  # an interrupt of this process ends all that it started
                os.killpg(process.pid, signal.SIGKILL)
                raise
        if process.returncode:
            errors = [line.strip() for line in log.read_text(encoding="utf-8").splitlines() if "rror: " in line]
            why = (errors or [f"exit code {process.returncode}"])[0].removeprefix("error: ")
            raise InputError(f"{' '.join(command[:3])}: {why}; the whole log is {PLACE.with_suffix('.log')}")


@contextmanager
def worktree(commit: str) -> Iterator[Worktree]:
    """Check a commit out beside the person's working tree, and delete it when the block ends.

    Raises
    ------
    InputError : another retraining runs, or git or DVC refuses
    """
    folder = PLACE.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"{PLACE}: another retraining runs there; wait until it has ended") from error
        _delete(folder)
        folder.with_suffix(".log").unlink(missing_ok=True)
        try:
            git(*NO_HOOKS, "worktree", "add", "--quiet", "--detach", str(folder), commit)
            _share(folder)
            yield Worktree(folder, lock.fileno())
        finally:
            _delete(folder)


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of a run there: this Python, the code of that tree, and no variable of git or DVC."""
    inherited = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "DVC_ROOT", "DVC_EXP_NAME")
    environment = {name: value for name, value in os.environ.items() if name not in inherited}
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    code = [str(folder / place) for place in ("src", "engine/src") if (folder / place).is_dir()]
    return environment | {"PATH": path, "PYTHONPATH": os.pathsep.join(code), "DVC_NO_ANALYTICS": "1"}


def _share(folder: Path) -> None:
    """Let the new tree use the cache and the remotes of this one, whose paths may be relative to this one."""
    from dvc.config import Config
    from dvc.repo import Repo

    with Repo() as repo:
        cache = repo.cache.local_cache_dir
        own = Path(repo.config.files["local"])
        places = {name: each["url"] for name, each in repo.config["remote"].items() if "url" in each}
    if own.exists():
        shutil.copy(own, folder / ".dvc" / own.name)  # it holds passwords
    with Config(str(folder / ".dvc")).edit("local") as local:
        local["cache"]["dir"] = cache
        for name, place in places.items():
            local["remote"].setdefault(name, {})["url"] = place


def _delete(folder: Path) -> None:
    run("worktree", "remove", "--force", str(folder))
    remove(folder)
    git("worktree", "prune")
