"""Several processes that make the trials of one search."""

import multiprocessing
import multiprocessing.connection
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path

from cairn.errors import InputError
from cairn.search.study import load_study
from cairn.search.work import Work


def share(work: Work, name: str, storage: str, journal: Path, workers: int) -> None:
    """Make trials of a study in other processes until its budget is spent.

    Parameters
    ----------
    work : what each of them does
    name, storage, journal : the study
    workers : how many; they share the cores

    Raises
    ------
    InputError : one of them failed
    """
    threads, before = max(1, (os.cpu_count() or 1) // workers), os.environ.get("OMP_NUM_THREADS")
    context = multiprocessing.get_context("spawn")
    os.environ["OMP_NUM_THREADS"] = str(threads)  # read when a library is first loaded, so by the new processes alone
    try:
        processes = [
            context.Process(
                target=_make_trials, args=(replace(work, worker=number + 1), name, storage, journal), daemon=True
            )
            for number in range(workers)
        ]
        for process in processes:
            process.start()
    finally:
        os.environ.pop("OMP_NUM_THREADS") if before is None else os.environ.update(OMP_NUM_THREADS=before)
    running = list(processes)
    while running:
        multiprocessing.connection.wait([process.sentinel for process in running])
        codes = [process.exitcode for process in processes]
        running = [process for process, code in zip(processes, codes, strict=True) if code is None]
        if failed := [code for code in codes if code]:
            _end(running)
            raise InputError(
                f"search.workers: one of {workers} ended with exit code {failed[0]}; run it again and it goes on, with "
                "fewer workers if memory ran out"
            )


def _end(processes: Iterable[BaseProcess]) -> None:
    for process in processes:
        process.terminate()
        process.join()


def _make_trials(work: Work, name: str, storage: str, journal: Path) -> None:
    """Make trials while the process that started this one lives: if killed, it is run again with its own workers."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    with suppress(InputError):  # the process that started this one meets it too, and reports it
        work.make_trials(load_study(name, storage, journal), alive=parent.is_alive)
