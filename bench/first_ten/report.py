"""Write what was counted: bench/first_ten.json for machines, docs/first-ten-minutes.md for people."""

import subprocess
from pathlib import Path
from statistics import median
from typing import Any

from bench.first_ten.tools import TOOLS
from bench.quality.report import machine

PACKAGES = ("cookiecutter", "cookiecutter-data-science", "kedro", "lightning", "scikit-learn", "torch")
HELD = {True: "yes", False: "NO"}
OURS = "cairn"
ASKED = {  # of OURS, by figure
    "commands": "no more commands than any other",
    "lines_read": "fewer lines to read than any other",
    "lines_written": "fewer lines to write than any other",
    "files": "fewer files made than any other",
    "questions": "no more questions than any other",
}
STRICT = ("lines_read", "lines_written", "files")


def found(visits: dict[str, Any], commits: dict[str, str], peers: Path) -> dict[str, Any]:
    """Give every figure as plain JSON content: machine, versions, each tool's counts, and what is held of them."""
    asked = f"from importlib.metadata import version\nfor name in {PACKAGES}: print(version(name))"
    numbers = subprocess.run([peers / "bin" / "python", "-c", asked], check=True, capture_output=True, text=True).stdout
    versions = dict(zip(PACKAGES, numbers.split(), strict=True))
    tools = {name: told | {"totals": totals(told)} for name, told in visits.items()}
    return {"machine": machine(), "versions": versions, "commits": commits, "tools": tools, "claims": claims(tools)}


def totals(told: dict[str, Any]) -> dict[str, float | None]:
    """Sum up what was counted for one tool."""
    guide, asked, files = sum(told["guide"].values()), len(told["questions"]), sum(told["read"].values())
    return {
        "commands": len(told["commands"]),
        "questions": asked,
        "files": len(told["files"]),
        "lines_guide": guide,
        "lines_files": files,
        "lines_read": guide + asked + files,
        "files_touched": len(told["written"]),
        "lines_written": sum(told["written"].values()),
        "seconds": median(wall for wall, *_ in told["seconds"]) if told["seconds"] else None,
    }


def claims(tools: dict[str, Any]) -> list[dict[str, Any]]:
    """Hold ours against the best of the others."""
    held = []
    for figure, asked in ASKED.items():
        counted = {name: told["totals"][figure] for name, told in tools.items()}
        ours = counted.pop(OURS)
        best = min(counted, key=counted.__getitem__)
        found = f"{ours:,}; {TOOLS[best].title} {counted[best]:,}"
        least = ours < counted[best] if figure in STRICT else ours <= counted[best]
        held.append({"asked": asked, "found": found, "held": least})
    return held


def table(found: dict[str, Any]) -> str:
    """Lay the totals out as a Markdown table, aligned for a terminal."""
    tools = found["tools"]
    rows = [["", *(TOOLS[name].title for name in tools)]]
    for what, figure in (
        ("commands typed", "commands"),
        ("questions asked", "questions"),
        ("files made", "files"),
        ("seconds to make them", "seconds"),
        ("lines to read: guide", "lines_guide"),
        ("lines to read: files", "lines_files"),
        ("lines to read, with the questions", "lines_read"),
        ("files edited or added", "files_touched"),
        ("lines to write", "lines_written"),
    ):
        rows.append([what, *(_number(told["totals"][figure]) for told in tools.values())])
    rows.append(["the figure", *(_figure(name, told) for name, told in tools.items())])
    return _laid_out(rows)


def document(found: dict[str, Any]) -> str:
    """Lay out what `found` gave as a page of Markdown."""
    told, tools = found["machine"], found["tools"]
    times = len(tools["ccds"]["seconds"])
    held = [["asked of Cairn", "found", "held"]]
    held += [[each["asked"], each["found"], HELD[each["held"]]] for each in found["claims"]]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    commits = ", ".join(f"{name} {commit}" for name, commit in found["commits"].items() if name != OURS)
    each = "\n".join(_tool(name, told) for name, told in tools.items())
    return f"""# The first ten minutes

What a person types, reads and writes before the first own result: a model of one's own table, with a measured figure.
`python -m bench.first_ten` counts it and writes this page; bench/first_ten/ holds how it is
counted, bench/first_ten.json every single count.

{table(found)}

{_laid_out(held)}

{BETTER}
{RULE.format(times=times)}{each}
## What was counted

{commits};
{versions}.
Measured on {told["system"]}, {told["cores"]} cores, {told["memory_gib"]} GiB, Python {told["python"]}.
The checkouts are the newest that were at hand; a later version may ask for more or less.
"""


BETTER = """## What the others do better

- cookiecutter-data-science makes the fewest files, and what is written by hand is short. Its places are empty: any
  method fits, and nothing stands there that would have to be understood or taken out later.
- Kedro asks nothing once a name is given. Its spaceflights tutorial is a course: who follows it has learnt to build
  pipelines of any shape, from many tables, where Cairn has one pipeline for one table.
- lightning-hydra-template is made for neural networks: images, texts, several GPUs, long trainings. A small table is
  not what it is for, and the figures here say nothing of how it does where it belongs. It asks nothing either.
- Cairn makes by far the most files: the pipeline, its tests and its how-to pages are all yours. None is read before
  the first result. Who then wants to change the pipeline itself has the most to read.
"""
RULE = """## The rule

- The table has 2,000 rows: a number, a number with gaps, two texts, and a target. Each tool gets the target that its
  own example is closest to: a number for Kedro, yes or no for the others. A result is a figure on rows held out.
- A command counts if no result comes without it, on a machine that has git, make, Python, uv and pipx
  (and virtualenvwrapper, which cookiecutter-data-science takes unless told otherwise). Where a guide offers several
  ways, its first or recommended one; what it calls optional, such as git or an environment by conda, is left out.
- A question is one that the template asks when it makes the project, and counts as one line to read. The answers are
  those that help most: cookiecutter-data-science is asked for pandas and scikit-learn, and for a Python that is there.
- Files made are those that git keeps of the new project: `git add --all`, then `git ls-files`.
- Lines are lines that are not blank. Of a guide, the section that tells a command counts, from its heading to the
  next, once. Of the files, those count whole that are edited, that serve as the example of one that is added, or that
  name a key which a command sets. Whatever else a careful person would read is left out, for all alike.
- Lines to write are those that `git diff` shows as added once the project gives its figure: the fewest that were found
  to do, in the places that the tool has for them. No test, no report and no second metric is written.
- Seconds are the median of {times}, from a checkout on this disk. What is downloaded or installed is left out.
- Where a figure stands, the last command was run, in an environment that was there. PyTorch from 2.6 on refuses the
  checkpoint that lightning-hydra-template tests with; it was told to accept it, and nothing is counted for that.
- The figures are of different targets and models. They show that a result is there, and rank nothing.
"""


def _tool(name: str, told: dict[str, Any]) -> str:
    """List what was counted for one tool."""
    tool = TOOLS[name]
    typed = "\n".join(each["typed"] for each in told["commands"])
    reasons = dict(tool.examples)
    guide = [f"- {where}: {length} lines" for where, length in told["guide"].items()]
    asked = [f"- {len(told['questions'])} questions: {', '.join(told['questions'])}"] if told["questions"] else []
    read = [f"- {path}: {length} lines, {reasons.get(path, 'edited')}" for path, length in told["read"].items()]
    by_hand = [
        f"- {path}: {length or 'no'} lines{'' if length else ', some deleted'}"
        for path, length in told["written"].items()
    ]
    return f"""
## {tool.title}

```console
{typed}
```

Read:

{chr(10).join([*guide, *asked, *read])}

Written:

{chr(10).join(by_hand or ["- nothing"])}
"""


def _figure(name: str, told: dict[str, Any]) -> str:
    return "not run" if told["figure"] is None else f"{told['figure']:.3f} {TOOLS[name].called}"


def _number(value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def _laid_out(rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [rows[0], ["-" * width for width in widths], *rows[1:]]
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)
