"""Draw docs/graph.svg from dvc.yaml, and write the figures of README.md: `python docs/refresh.py`."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
GRAPH = Path("docs/graph.svg")
README = Path("README.md")
FIGURES = re.compile(r"(?<=\$ cairn summary\n).*?(?=```)", re.DOTALL)
# What a team owns and what it calls: text, git pathspec, and what the pathspec leaves out.
PARTS = [
    ("owned", "`dvc.yaml`: the graph", ["dvc.yaml"]),
    ("owned", "`src/`: one script per stage, and your own functions", ["src"]),
    ("owned", "`conf/`: every choice", ["conf"]),
    ("owned", "`tests/`: your own tests", ["tests", ":!tests/template"]),
    ("called", "`cairn`: the library's source", ["engine/src/cairn/**.py"]),
]
OWNERSHIP = re.compile(r"(?<=\| part \| \| files, about \| lines, about \|\n\|---\|---\|---\|---\|\n)(?:\|.*\n)*")
LEFT_OUT = ("average_precision", "brier", "accuracy", "precision", "recall", "f1")  # to keep README.md on one screen

STEP, WIDTH, HEIGHT, MARGIN = 44, 92, 30, 10  # pixels: stage to stage, a box, around all
OUTS = 430  # for what a stage writes, beside its box
STYLE = """
text { font: 13px system-ui, sans-serif; text-anchor: middle; fill: #1f2937 }
.out { font: 12px ui-monospace, monospace; fill: #57606a; text-anchor: start }
.box { fill: #dbeafe; stroke: #2563eb } .arc { fill: none; stroke: #94a3b8 } .next { stroke: #2563eb; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e5e7eb } .out { fill: #9ca3af } .box { fill: #1e3a5f; stroke: #60a5fa } .next { stroke: #60a5fa }
}"""


def graph(dvc_yaml: Mapping[str, Any]) -> str:
    """Draw the stages in a column with their outputs, and an arc for each input from a stage that is not the last."""
    stages = dvc_yaml["stages"]
    places = {name: MARGIN + HEIGHT / 2 + STEP * number for number, name in enumerate(stages)}
    wrote = {out: name for name in stages for out in outputs(stages[name])}
    reads = dict.fromkeys((writer, name) for name in stages for writer in _writers(stages[name]["deps"], wrote))
    order = list(stages)
    far = [pair for pair in reads if order.index(pair[1]) - order.index(pair[0]) > 1]
    left = MARGIN + max((_lift(places[b] - places[a]) for a, b in far), default=0)
    lines = [_arc(places[a], places[b], left) for a, b in far]
    lines += [_next(places[a], left) for a in order[:-1]]
    for name, y in places.items():
        lines += _box(name, [Path(out).name for out in outputs(stages[name])], left, y)
    width = left + WIDTH + OUTS
    height = 2 * MARGIN + HEIGHT + STEP * (len(stages) - 1)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" width="{width:g}" role="img"'
    title = f"The stages: {', '.join(stages)}"
    return "\n".join([f'{head} aria-label="{title}">', f"<style>{STYLE}\n</style>", *lines, "</svg>", ""])


def outputs(stage: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths that a stage of dvc.yaml writes."""
    for each in [*stage.get("outs", []), *stage.get("metrics", [])]:
        yield next(iter(each)) if isinstance(each, Mapping) else each


def figures(summary: str) -> str:
    """Shorten the output of `cairn summary` to the lines that README.md shows."""
    kept = [line for line in summary.splitlines() if line.split(" ")[0] not in LEFT_OUT]
    return "\n".join(kept) + "\n"


def ownership() -> str:
    """Count the files and lines that a team owns and calls, as rows of a table; ignored files do not count."""
    rows = []
    for part, text, places in PARTS:
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *places]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
        files = [ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()]
        lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)
        if files:
            rows.append(f"| {part} | {text} | {_round(len(files)):,} | {_round(lines):,} |\n")
    return "".join(rows)


def _round(count: int) -> int:
    """Keep two digits, so that README.md does not change with every line of code."""
    return round(count, 2 - len(str(count)))


def _writers(deps: list[str], wrote: Mapping[str, str]) -> Iterator[str]:
    for dep in deps:
        yield from (writer for out, writer in wrote.items() if dep == out or dep.startswith(f"{out}/"))


def _lift(distance: float) -> float:
    return 14 + distance / 6


def _arc(start: float, end: float, left: float) -> str:
    aside = left - 4 * _lift(end - start) / 3  # a cubic reaches three quarters of the way to its control points
    top, bottom = start + HEIGHT / 6, end - HEIGHT / 6
    return f'<path class="arc" d="M{left:g} {top:g} C{aside:g} {top:g} {aside:g} {bottom:g} {left:g} {bottom:g}"/>'


def _next(y: float, left: float) -> str:
    top, bottom, x = y + HEIGHT / 2, y + STEP - HEIGHT / 2, left + WIDTH / 2
    return f'<path class="arc next" d="M{x:g} {top:g} V{bottom - 2:g} m-4 -5 l4 5 l4 -5"/>'


def _box(name: str, outs: list[str], left: float, y: float) -> list[str]:
    lines = [f'<rect class="box" x="{left:g}" y="{y - HEIGHT / 2:g}" width="{WIDTH}" height="{HEIGHT}" rx="7"/>']
    lines.append(f'<text x="{left + WIDTH / 2:g}" y="{y + 4.5:g}">{escape(name)}</text>')
    if outs:
        lines.append(f'<text class="out" x="{left + WIDTH + 14:g}" y="{y + 4.5:g}">{escape(", ".join(outs))}</text>')
    return lines


def main() -> None:
    """Write the picture and the figures."""
    from cairn.cli.summary import summary

    (ROOT / GRAPH).write_text(graph(yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))), encoding="utf-8")
    readme = (ROOT / README).read_text(encoding="utf-8")
    text = figures(summary())  # reads reports/ of the working directory, which is the repository's root
    readme = OWNERSHIP.sub(lambda _: ownership(), FIGURES.sub(lambda _: text, readme, count=1), count=1)
    (ROOT / README).write_text(readme, encoding="utf-8")


if __name__ == "__main__":
    main()
