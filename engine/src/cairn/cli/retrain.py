"""Retrain on new data beside the working tree, and propose a model that passed its gates: `cairn retrain`."""

import argparse
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from textwrap import shorten
from typing import Any

from cairn import config, layout
from cairn.cli.promote import promote
from cairn.documents import read_document
from cairn.errors import InputError
from cairn.evaluation import gates
from cairn.evaluation.documents import GateReport, GateResult
from cairn.monitoring.documents import MonitoringReport
from cairn.monitoring.export import alarm_lines
from cairn.monitoring.retraining import Retraining
from cairn.number_text import plain
from cairn.registry import files, promotion, proposal, record, tags
from cairn.registry.git import commit_of, git, texts
from cairn.registry.promotion import Rules
from cairn.registry.worktree import Worktree, worktree

MONITORING = Path("reports/monitoring.json")


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
    alarms : of monitoring, a line each; none: those of the promoted version in reports/monitoring.json
    given : overrides beside those of the settings, as `dvc exp run -S` takes them; they win
    why : a sentence for those who read the branch
    settings : the node `retrain` of conf/monitor; None: its defaults

    Returns
    -------
    str : the results of the gates, and the branch that proposes the model

    Raises
    ------
    InputError : there is nothing new to learn, a stage or a gate failed, or the branch cannot be shared
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the second working tree is deleted on the way out
    params = config.read_yaml(config.PARAMS)
    retraining: Retraining = config.call(settings) if settings else Retraining()
    rules: Rules = config.call(params["registry"])
    base, onto = commit_of("HEAD"), git("branch", "--show-current").strip()
    remote = rules.remote if promotion.fetch(rules.remote) else None
    if retraining.promote:
        rules.known(retraining.promote)
    if branch := proposal.waiting(base, remote):
        return f"{branch} waits already, made from this very commit: merge or delete it; nothing is retrained"
    reasons = list(alarms) or _alarms(params["gates"]["champion_stage"])
    overrides = [*retraining.overrides, *given]
    with worktree(base) as place:
        report = _run(place, base, overrides)
        message = _message(report, reasons, overrides, why)
        commit = proposal.commit(place.folder, message)
    where = files.upload(commit)
    name = f"{proposal.PREFIX}/{datetime.now(UTC):%Y-%m-%d}-{commit[:7]}"
    shared = proposal.share(commit, name, remote=remote, onto=onto if retraining.pull_request else "", message=message)
    lines = [gates.table(report.gates), f"{name}: {shared}; its bytes are {where}"]
    if retraining.promote:
        lines.append(promote(retraining.promote, revision=commit, why=message.splitlines()[0]))
    return "\n".join(lines)


def main(options: argparse.Namespace) -> None:
    """Run `cairn retrain`."""
    settings = config.read_yaml(config.PARAMS)["monitor"]["retrain"]
    print(retrain(given=options.set, why=options.message, settings=settings))


def _run(place: Worktree, base: str, overrides: Sequence[str]) -> GateReport:
    """Ingest again, run the other stages as an experiment, and return the gates' report."""
    params, _ = config.compose_applied(overrides, place.folder / config.CONF)
    _bring(config.call(params["data"]).watched, place.folder)
    place.run(sys.executable, "-m", "pipeline.stages.compose", *overrides)
    place.run(sys.executable, "-m", "pipeline.stages.code")  # `ingest` depends on its code
    place.run("dvc", "repro", "--force", "--single-item", "ingest")
    _require_news(place.folder, base)
    name = f"retrain-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    path = place.folder / layout.GATES
    path.unlink(missing_ok=True)  # the commit's own, which is not of this run
    try:
        listed = config.applied(place.folder / config.CONF)  # those of the commit, and these
        place.run("dvc", "exp", "run", "--name", name, *(word for override in listed for word in ("-S", override)))
    except InputError as error:
        report = read_document(GateReport, path) if path.exists() else None
        if report and report.failed:
            raise InputError(_failure(report, overrides)) from error
        raise
    place.run("dvc", "exp", "remove", name)  # the branch will hold it
    return read_document(GateReport, path)


def _bring(file: Path | None, folder: Path) -> None:
    """Let the second tree read the table in the person's own tree, which has the newest rows."""
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
    """Check that the data or the parameters differ from those of the commit's model."""
    lock, params = texts([f"{base}:dvc.lock", f"{base}:{config.PARAMS}"])
    made = record.stages(lock)["ingest"]["outs"] if lock else None
    now = record.stages((folder / "dvc.lock").read_text(encoding="utf-8"))["ingest"]["outs"]
    changed = config.differences(config.parse_yaml(params or "") or {}, config.read_yaml(folder / config.PARAMS))
    if made == now and not changed:
        raise InputError(
            f"no new data: `ingest` brings what commit {base[:7]} was made from, and no parameter is another; "
            "say where the new data are, such as -S data.path=new.csv"
        )


def _failure(report: GateReport, overrides: Sequence[str]) -> str:
    failed = [f"{result.gate} ({result.why or _comparison(result)})" for result in report.failed]
    again = " ".join(["dvc exp run", *(f"-S {quote(override)}" for override in overrides)])
    message = f"{len(failed)} of {len(report.gates)} gates failed, so nothing is proposed: {'; '.join(failed)}"
    return f"{message}; `{again}` shows the report"


def _comparison(result: GateResult) -> str:
    return " beside ".join(plain(figure, missing="unknown") for figure in (result.value, result.bound))


def _alarms(stage: str) -> list[str]:
    """Return the alarms of the last monitoring, if it was of the version that is promoted now."""
    promoted = tags.promoted(stage)
    if promoted is None or not MONITORING.exists():
        return []
    report = read_document(MonitoringReport, MONITORING)
    return alarm_lines(report) if report.model.version == promoted.version else []


def _message(report: GateReport, reasons: Sequence[str], overrides: Sequence[str], why: str | None) -> str:
    """Format the commit message: the reason, the results of the gates, and the trailers that `cairn audit` reads."""
    reason = why or next(iter(reasons), "new data")
    parts = [shorten(f"Retrain: {reason}", 100, placeholder=" ...")]
    if len(parts[0]) == 100 or reason not in parts[0]:
        parts.append(reason)
    parts.append(gates.table(report.gates))
    trailers = [("Alarm", alarm) for alarm in reasons] + [("Override", override) for override in overrides]
    if report.champion:
        trailers.append(("Champion", report.champion.version))
    trailers.append((proposal.TRAILER, proposal.me()))
    parts.append("\n".join(f"{key}: {' '.join(value.split())}" for key, value in trailers))
    return "\n\n".join(parts) + "\n"
