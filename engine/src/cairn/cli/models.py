"""Show the registry: `cairn models` lists versions, `cairn lineage` says all that a version was made of."""

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

from cairn import config, layout
from cairn.errors import InputError, did_you_mean
from cairn.number_text import plain
from cairn.registry import promotion, record, tags
from cairn.registry.git import texts
from cairn.registry.promotion import DECISIONS, Rules
from cairn.registry.tags import ARTIFACT, Tags

FIGURES = 4  # columns of the table; --json has all


def models(*, at: str | None = None, as_json: bool = False) -> str:
    """List the versions, the newest first, with the stages that point to them now or at a time.

    Parameters
    ----------
    at : a day, which counts to its end, or a time such as `2026-03-01T12:00`; in UTC unless it names its zone
    as_json : for a program

    Returns
    -------
    str : a table, or JSON
    """
    known = tags.read()
    if at is not None:
        known = known.until(_moment(at))
    rows = _rows(known)
    if as_json:
        return json.dumps(rows, indent=2, ensure_ascii=False)
    if not rows:
        return f"no version yet{f' on {at}' if at else ''}; `cairn promote staging` registers one"
    return _table(rows)


def lineage(version: str) -> str:
    """Say what a version was made of: data, parameters, code, and how it did; as YAML.

    Parameters
    ----------
    version : such as `v0.0.3`, as predictions name it; a tag, such as `model@v0.0.3` or `model#prod#7`; or a stage,
        which stands for what is in it now

    Raises
    ------
    InputError : no such version, or its gates have not passed
    """
    known = tags.read()
    name = _version(known, version)
    tag = known.versions[name]
    made = record.passed(tag.commit, model=layout.MODEL, trained=layout.TRAINED, gates=layout.GATES)
    (params,) = texts([f"{tag.commit}:{config.PARAMS}"])
    (figures,) = record.figures([tag.commit], layout.METRICS)
    told = {
        "version": name,
        "commit": tag.commit,
        "registered": f"{tag.at:%Y-%m-%d %H:%M} UTC by {tag.author} <{tag.email}>",
        "stages": [_assigned(each) for each in known.tags if each.stage and each.commit == tag.commit],
        "model": made.model,
        "data": {out["path"]: out["md5"] for out in made.lock["ingest"]["outs"] if out["path"].startswith("data/")},
        "code": {name: stage["cmd"] for name, stage in made.lock.items()},
        "metrics": figures,
    }
    return f"{config.dump(told)}parameters:\n" + "".join(f"  {line}\n" for line in (params or "").splitlines())


def main(options: argparse.Namespace) -> None:
    """Run `cairn models` or `cairn lineage`."""
    if options.command == "lineage":
        print(lineage(options.version), end="")
    else:
        print(models(at=options.at, as_json=options.json))


def _version(known: Tags, said: str) -> str:
    """Find the version that a person means."""
    if said in known.stages:
        promoted = known.current(said)
        if promoted is None:
            raise InputError(f"nothing is in {said} now; `cairn models` shows what is")
        said = promoted.version
    commits = {tag.commit: version for version, tag in known.versions.items()}
    assigned = {tag.name: commits.get(tag.commit, tag.commit) for tag in known.tags if tag.stage}
    name = assigned.get(said, said).removeprefix(f"{ARTIFACT}@")
    if name not in known.versions:
        raise InputError(f"no version {name!r} {did_you_mean(name, known.versions)}; `cairn models` shows them")
    return name


def _moment(at: str) -> datetime:
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise InputError(f"--at {at}: not a day such as 2026-03-01, nor a time such as 2026-03-01T12:00") from error
    if len(at) == len("2026-03-01"):
        moment = datetime.combine(moment, time.max)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _rows(known: Tags) -> list[dict[str, Any]]:
    current = {stage: held[-1].commit for stage, held in known.stages.items()}
    rules: Rules = config.call(config.read_yaml(config.PARAMS)["registry"])
    figures = record.figures([tag.commit for tag in known.versions.values()], layout.METRICS)
    rows = []
    for (version, tag), metrics in zip(known.versions.items(), figures, strict=True):
        here = [stage for stage in current if current[stage] == tag.commit and stage in rules.stages]
        waits = {stage: promotion.decision(known, stage, tag.commit) for stage in rules.approval}
        rows.append(
            {
                "name": ARTIFACT,
                "version": version,
                "stages": here,
                "approval": {stage: DECISIONS[said[0]] for stage, said in waits.items() if said},
                "date": tag.at.isoformat(timespec="seconds"),
                "author": tag.author,
                "metrics": metrics,
                "commit": tag.commit,
            }
        )
    return rows


def _table(rows: Sequence[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row["metrics"]))[:FIGURES]
    lines = [["name", "version", "stage", "date", "author", *names, "commit"]]
    for row in rows:
        decided = [f"{stage}: {state}" for stage, state in row["approval"].items() if stage not in row["stages"]]
        figures = [plain(row["metrics"].get(name), missing="") for name in names]
        told = [row["name"], row["version"], ", ".join([*row["stages"], *decided]), row["date"][:10], row["author"]]
        lines.append([*told, *figures, row["commit"][:7]])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def _assigned(tag: tags.Tag) -> str:
    what = f"taken out of {tag.stage}" if tag.takes_back else tag.stage
    return f"{what} on {tag.at:%Y-%m-%d %H:%M} UTC by {tag.author}: {tag.message.splitlines()[0]}"
