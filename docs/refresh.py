"""Draw docs/graph.svg from dvc.yaml, and paste what `cairn summary` says into README.md: `python docs/refresh.py`."""

import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
GRAPH = Path("docs/graph.svg")
README = Path("README.md")
FIGURES = re.compile(r"(?<=\$ cairn summary\n).*?(?=```)", re.DOTALL)
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
    """Draw the stages in a column, what each writes beside it, and an arc for each that reads past its neighbour."""
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
    """Give the paths that a stage of dvc.yaml writes."""
    for each in [*stage.get("outs", []), *stage.get("metrics", [])]:
        yield next(iter(each)) if isinstance(each, Mapping) else each


def figures(summary: str) -> str:
    """Shorten what `cairn summary` says to what README.md shows."""
    kept = [line for line in summary.splitlines() if line.split(" ")[0] not in LEFT_OUT]
    return "\n".join(kept) + "\n"


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
    """Write both anew."""
    from cairn.cli.summary import summary

    (ROOT / GRAPH).write_text(graph(yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))), encoding="utf-8")
    readme = (ROOT / README).read_text(encoding="utf-8")
    text = figures(summary())  # reads reports/ of the working directory, which is the repository's root
    (ROOT / README).write_text(FIGURES.sub(lambda _: text, readme, count=1), encoding="utf-8")


if __name__ == "__main__":
    main()
