"""Retrain on new data beside the working tree, and propose what passed its gates as a branch: `cairn retrain`."""

import argparse
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from textwrap import shorten
from typing import Any, NamedTuple

from cairn import config, layout
from cairn.cli.promote import promote
from cairn.documents import from_json
from cairn.errors import InputError
from cairn.evaluation import gates
from cairn.files import read_json
from cairn.monitoring.documents import MonitoringReport
from cairn.monitoring.export import alarm_lines
from cairn.monitoring.retraining import Retraining
from cairn.number_text import plain
from cairn.registry import files, promotion, proposal, record, tags
from cairn.registry.git import commit_of, git, texts
from cairn.registry.promotion import Rules
from cairn.registry.worktree import Worktree, worktree

MONITORING = Path("reports/monitoring.json")


class _Judged(NamedTuple):
    results: list[gates.Result]
    champion: Mapping[str, Any] | None


def retrain(
    *,
    alarms: Sequence[str] = (),
    given: Sequence[str] = (),
    why: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> str:
    """Retrain the model of this commit, and propose the new one.

    Parameters
    ----------
    alarms : what monitoring found, a line each; none: what reports/monitoring.json says of the promoted version
    given : overrides beside those of the settings, as `dvc exp run -S` takes them; they win
    why : a sentence for those who read the branch
    settings : the node `retrain` of conf/monitor; None: its defaults

    Returns
    -------
    str : what was done

    Raises
    ------
    InputError : there is nothing new to learn, a stage or a gate failed, or the branch cannot be shared
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the second working tree is deleted on the way out
    params = config.read_yaml(config.PARAMS)
    said: Retraining = config.call(settings) if settings else Retraining()
    rules: Rules = config.call(params["registry"])
    base, onto = commit_of("HEAD"), git("branch", "--show-current").strip()
    remote = rules.remote if promotion.fetch(rules.remote) else None
    if said.promote:
        rules.known(said.promote)
    if waits := proposal.waiting(base, remote):
        return f"{waits} waits already, made from this very commit: merge or delete it; nothing is retrained"
    reasons = list(alarms) or _found(params["gates"]["champion_stage"])
    overrides = [*said.overrides, *given]
    with worktree(base) as place:
        judged = _run(place, base, overrides)
        message = _message(judged, reasons, overrides, why)
        commit = proposal.commit(place.folder, message)
    where = files.upload(commit)
    name = f"{proposal.PREFIX}/{datetime.now(UTC):%Y-%m-%d}-{commit[:7]}"
    done = proposal.share(commit, name, remote=remote, onto=onto if said.pull_request else "", message=message)
    lines = [gates.table(judged.results), f"{name}: {done}; its bytes are {where}"]
    if said.promote:
        lines.append(promote(said.promote, revision=commit, why=message.splitlines()[0]))
    return "\n".join(lines)


def main(options: argparse.Namespace) -> None:
    """Run `cairn retrain`."""
    settings = config.read_yaml(config.PARAMS)["monitor"]["retrain"]
    print(retrain(given=options.set, why=options.message, settings=settings))


def _run(place: Worktree, base: str, overrides: Sequence[str]) -> _Judged:
    """Ingest anew, and run the rest as an experiment; give what the gates say."""
    params, _ = config.compose_applied(overrides, place.folder / config.CONF)
    _bring(config.call(params["data"]).watched, place.folder)
    place.run(sys.executable, "-m", "pipeline.stages.compose", *overrides)
    place.run(sys.executable, "-m", "pipeline.stages.code")  # `ingest` depends on its code
    place.run("dvc", "repro", "--force", "--single-item", "ingest")
    _require_news(place.folder, base)
    name = f"retrain-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    report = place.folder / layout.GATES
    report.unlink(missing_ok=True)  # the commit's own, which says nothing of this run
    try:
        listed = config.applied(place.folder / config.CONF)  # those of the commit, and these
        place.run("dvc", "exp", "run", "--name", name, *(word for each in listed for word in ("-S", each)))
    except InputError as error:
        results = read_json(report)["gates"] if report.exists() else []
        if any(not each["passed"] for each in results):
            raise InputError(_failed(results, overrides)) from error
        raise
    place.run("dvc", "exp", "remove", name)  # the branch will hold it
    judged = read_json(report)
    return _Judged(judged["gates"], judged["champion"])


def _bring(file: Path | None, folder: Path) -> None:
    """Let the second tree read the table that lies in the person's own, where the newest is."""
    if file is None or file.is_absolute():
        return
    copy = folder / file
    if not copy.resolve().is_relative_to(folder):
        raise InputError(f"data.path: {file} lies outside the repository; give it in full, or an address")
    if copy.exists():  # git keeps it, so what it holds now goes with the model
        shutil.copyfile(file, copy)
    elif file.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.symlink_to(file.resolve())


def _require_news(folder: Path, base: str) -> None:
    """Refuse to train on the very data and parameters that the commit's model was made with."""
    lock, params = texts([f"{base}:dvc.lock", f"{base}:{config.PARAMS}"])
    made = record.stages(lock)["ingest"]["outs"] if lock else None
    now = record.stages((folder / "dvc.lock").read_text(encoding="utf-8"))["ingest"]["outs"]
    changed = config.differences(config.parse_yaml(params or "") or {}, config.read_yaml(folder / config.PARAMS))
    if made == now and not changed:
        raise InputError(
            f"no new data: `ingest` brings what commit {base[:7]} was made from, and no parameter is another; "
            "say where the new data are, such as -S data.path=new.csv"
        )


def _failed(results: Sequence[gates.Result], overrides: Sequence[str]) -> str:
    failed = [f"{each['gate']} ({each['why'] or _beside(each)})" for each in results if not each["passed"]]
    again = " ".join(["dvc exp run", *(f"-S {quote(each)}" for each in overrides)])
    told = f"{len(failed)} of {len(results)} gates failed, so nothing is proposed: {'; '.join(failed)}"
    return f"{told}; `{again}` shows the report"


def _beside(result: gates.Result) -> str:
    return " beside ".join(plain(value, missing="unknown") for value in (result["value"], result["bound"]))


def _found(stage: str) -> list[str]:
    """Give the alarms of the last monitoring, if it was of the version that is promoted now."""
    promoted = tags.promoted(stage)
    if promoted is None or not MONITORING.exists():
        return []
    report = from_json(MonitoringReport, read_json(MONITORING), str(MONITORING))
    return alarm_lines(report) if report.model.version == promoted.version else []


def _message(judged: _Judged, reasons: Sequence[str], overrides: Sequence[str], why: str | None) -> str:
    """Say why, how it did, and what `cairn audit` looks for."""
    reason = why or next(iter(reasons), "new data")
    parts = [shorten(f"Retrain: {reason}", 100, placeholder=" ...")]
    if len(parts[0]) == 100 or reason not in parts[0]:
        parts.append(reason)
    parts.append(gates.table(judged.results))
    trailers = [("Alarm", each) for each in reasons] + [("Override", each) for each in overrides]
    if judged.champion:
        trailers.append(("Champion", judged.champion["version"]))
    trailers.append((proposal.TRAILER, proposal.me()))
    parts.append("\n".join(f"{key}: {' '.join(value.split())}" for key, value in trailers))
    return "\n\n".join(parts) + "\n"
