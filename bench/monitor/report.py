"""Write what was found: bench/monitor.json for machines, docs/monitoring-benchmarks.md for people."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.monitor.streams import CHANGED, DAYS, FIRST, REFERENCE, ROWS, SCENARIOS, WINDOWS
from bench.quality.report import machine

if TYPE_CHECKING:
    import pandas as pd

Run = dict[str, Any]
SOON, FALSE = 2, 0.02  # asked: windows until a planted drift is found, and the share of windows with a false alarm
LABELLED = {"performance", "calibration", "bias"}  # some measures of bias need none, and are left out all the same
QUIET = ("none", "season")
# Tool and rule, and what the page calls them.
RULES = {
    ("cairn", "any"): "Cairn",
    ("cairn", "before labels"): "Cairn, before labels",
    ("evidently", "data set"): "Evidently, half of the columns",
    ("evidently", "any column"): "Evidently, any column",
    ("nannyml", "any"): "NannyML, any alert",
    ("nannyml", "univariate"): "NannyML, univariate drift",
    ("nannyml", "CBPE"): "NannyML, CBPE",
    ("nannyml", "realised"): "NannyML, realised performance",
}
HELD = {True: "yes", False: "NO", None: "not measured"}


class Share(NamedTuple):
    """So many of so many."""

    some: int
    all: int

    def __str__(self) -> str:
        return f"{self.some} of {self.all}" if self.all else ""

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.some / self.all if self.all else None


def found(runs: list[Run], environments: dict[str, str]) -> dict[str, Any]:
    """Give every figure as plain JSON content: machine, environments, claims, and each single run."""
    for each in runs:
        if each["tool"] == "cairn":
            each["alarms"]["before labels"] = early(each)
    planted = [each for each in runs if each["scenario"] in SCENARIOS]
    claims = [{"asked": asked, "found": told, "held": held} for asked, told, held in _claims(planted)]
    return {
        "machine": machine(),
        "environments": environments,
        "claims": claims,
        "runs": [_short(each) for each in runs],
    }


def _short(run: Run) -> Run:
    """Leave out why a planted drift alarmed, which fills megabytes, and spell what is left briefly."""
    told = {key: value for key, value in run.items() if key not in ("why", "columns", "warnings")}
    if "alarms" in run:
        told["alarms"] = {rule: [int(each) for each in flags] for rule, flags in run["alarms"].items()}
    if run["scenario"] in QUIET and "why" in run:
        told["why"] = [[[*about, _brief(change), _brief(p)] for *about, change, p in found] for found in run["why"]]
    return told


def _brief(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 6)


def early(run: Run) -> list[bool]:
    """Say of each window whether there was an alarm in an area that needs no true answers."""
    return [any(area not in LABELLED for area, *_ in found) for found in run["why"]]


def soon(runs: Sequence[Run], rule: str) -> Share:
    """Count the runs of a planted drift whose first alarm came within SOON windows of it."""
    hits = [any(each["alarms"][rule][CHANGED : CHANGED + SOON]) for each in runs]
    return Share(sum(hits), len(hits))


def delay(runs: Sequence[Run], rule: str) -> float | None:
    """Give the mean of the windows until the first alarm, 1 for the drift's own first; None if a run never alarmed."""
    firsts = [_first(each["alarms"][rule][CHANGED:]) for each in runs]
    return None if not firsts or None in firsts else sum(map(int, filter(None, firsts))) / len(firsts)


def false_alarms(runs: Sequence[Run], rule: str) -> Share:
    """Count the windows of streams without drift in which there was an alarm; other streams are left out.

    What comes before a planted drift is not counted again: with the same seed, it is the same customers as in `none`.
    """
    quiet = [each for each in runs if SCENARIOS[each["scenario"]].drift is None]
    windows = [alarm for each in quiet for alarm in each["alarms"][rule]]
    return Share(sum(windows), len(windows))


def losses(table: "pd.DataFrame") -> list[float]:
    """Give the log loss of each window of a stream that was answered, with probabilities kept off 0 and 1."""
    import numpy as np

    p = table["probability"].clip(1e-15, 1 - 1e-15)
    loss = -np.log(p.where(table["actual"] == 1, 1 - p))
    return [float(each) for each in loss.groupby(table["window"]).mean()]


def document(found: dict[str, Any]) -> str:
    """Lay out what `found` gave as a page of Markdown."""
    runs, told = found["runs"], found["machine"]
    planted = [each for each in runs if each["scenario"] in SCENARIOS]
    asked = [
        ["asked", "found", "held"],
        *([each["asked"], each["found"], HELD[each["held"]]] for each in found["claims"]),
    ]
    where = f"{told['system']}, {told['cores']} cores, {told['memory_gib']} GiB, Python {told['python']}"
    return f"""# Monitoring beside others

`make bench-monitor` measures this and writes this page: drift that is planted in the simulated shop, and who finds it.
bench/monitor/ holds how: the streams in streams.py, the tools in ours.py and peers/.

- One model, made by `dvc repro` as the project is cloned. A stream is {WINDOWS} windows of {ROWS:,} customers of the
  next year; the drift begins with window {CHANGED + 1}. Each run has customers of its own, the same in every scenario
  but the season's. Limits were chosen by looking at other runs, with seeds below {FIRST}.
- Every tool gets the same rows, the model's predictions of them and the true answers, as it comes: Cairn with the
  limits of conf/monitor as they are and windows of {DAYS} days, Evidently's DataDriftPreset, and NannyML's univariate
  drift, CBPE and realised performance (ROC AUC). Both peers compare with {REFERENCE:,} unseen rows of the model's own
  year.
- Found: an alarm within {SOON} windows, the drift's first one counted. A false alarm: in a window of a stream without
  drift.
- Cairn's alarms are of all that it measures; "before labels" leaves out what waits for the true answers. Evidently's
  own verdict is that half of the columns drifted; an empty column, which ends its report with an error, counts as
  found. NannyML has calculators of missing values and unseen categories, too, which are none of the three.
- The drifts are large, and meant to be: the tables tell who looks where, not who sees the smallest change.

## Asked and held

{_table(asked)}

## Found within {SOON} windows

{_table(list(_found_rows(planted)))}

## Windows until the first alarm, mean of the runs

1 is the drift's first window; "-": some run had no alarm.

{_table(list(_delay_rows(planted)))}

## False alarms by window

{_table(list(_false_rows(planted)))}
{_elec2(runs)}
Measured on {where}. The others: {"; ".join(found["environments"].values())}.
Every single run stands in bench/monitor.json.
"""


def _claims(runs: Sequence[Run]) -> Iterator[tuple[str, str, bool | None]]:
    own = [each for each in runs if each["tool"] == "cairn"]
    drifts = [each for each in own if SCENARIOS[each["scenario"]].drift]
    hits, wrong = soon(drifts, "any"), false_alarms(own, "any")
    missed = sorted({each["scenario"] for each in drifts if not soon([each], "any").some})
    told = f"{hits} runs" if drifts else ""
    told += f"; not all of {', '.join(missed)}" if missed else ""
    yield (
        f"every planted drift is found within {SOON} windows, in every run",
        told,
        _held(hits, lambda share: share == 1),
    )
    yield (
        f"fewer than {FALSE:.0%} of the windows without drift have an alarm",
        _percent(wrong),
        _held(wrong, lambda share: share < FALSE),
    )
    for name in QUIET:
        quiet = false_alarms([each for each in own if each["scenario"] == name], "any")
        yield f"the same of: {SCENARIOS[name].says}", _percent(quiet), _held(quiet, lambda share: share < FALSE)


def _held(share: Share, test: Callable[[float], bool]) -> bool | None:
    return None if share.value is None else test(share.value)


def _percent(share: Share) -> str:
    return "" if share.value is None else f"{share.value:.1%} of {share.all:,}"


def _measured(runs: Sequence[Run]) -> list[tuple[str, str]]:
    there = {each["tool"] for each in runs}
    return [key for key in RULES if key[0] in there]


def _of(runs: Sequence[Run], tool: str, scenario: str) -> list[Run]:
    return [each for each in runs if each["tool"] == tool and each["scenario"] == scenario]


def _found_rows(runs: Sequence[Run]) -> Iterator[list[str]]:
    keys = _measured(runs)
    yield ["", *(RULES[key] for key in keys)]
    for name, scenario in SCENARIOS.items():
        if scenario.drift:
            yield [scenario.says, *(str(soon(_of(runs, tool, name), rule)) for tool, rule in keys)]


def _delay_rows(runs: Sequence[Run]) -> Iterator[list[str]]:
    keys = _measured(runs)
    yield ["", *(RULES[key] for key in keys)]
    for name, scenario in SCENARIOS.items():
        if scenario.drift:
            found = [delay(_of(runs, tool, name), rule) for tool, rule in keys]
            yield [scenario.says, *("-" if each is None else f"{each:.2f}" for each in found)]


def _false_rows(runs: Sequence[Run]) -> Iterator[list[str]]:
    keys = _measured(runs)
    yield ["", *(RULES[key] for key in keys)]
    for name in QUIET:
        yield [SCENARIOS[name].says, *(_percent(false_alarms(_of(runs, tool, name), rule)) for tool, rule in keys)]


def _elec2(runs: Sequence[Run]) -> str:
    """Say what happened in elec2, if it was measured: by tool, the first alarm and how many there were."""
    real = {each["tool"]: each for each in runs if each["scenario"] == "elec2"}
    if "loss" not in real:
        return ""
    test, weeks = real["loss"]["losses"]["test"][0], real["loss"]["losses"]["stream"]
    rows = [["", "first alarm, week", "weeks with an alarm"]]
    for (tool, rule), title in RULES.items():
        if tool in real:
            alarms = real[tool]["alarms"][rule]
            first = _first(alarms)
            rows.append([title, "none" if first is None else str(first), str(Share(sum(alarms), len(alarms)))])
    parts = [weeks[start : start + 4] for start in range(0, len(weeks) - len(weeks) % 4, 4)]
    curve = ", ".join(f"{sum(part) / len(part):.2f}" for part in parts)
    return f"""
## elec2: what really drifts

Half hours of the electricity market of New South Wales, 1996 to 1998. The model was made from the first {_half()}
weeks, trained on the older ones and tested on the newer ones; the other {len(weeks)} are the stream, a window a week.
The peers compare with the test part. Its log loss was {test:.2f}; in the stream, by four weeks:
{curve}. {_worse(test, weeks)}

{_table(rows)}
"""


def _worse(test: float, weeks: Sequence[float]) -> str:
    bad = [number for number, loss in enumerate(weeks, 1) if loss > 1.2 * test]
    if not bad:
        return "In no week was it more than a fifth above the test part's."
    return f"It was more than a fifth above the test part's in {len(bad)} of the weeks, first in week {bad[0]}."


def _half() -> int:
    from bench.monitor.project import HALF, WEEK

    return HALF // WEEK


def _first(alarms: Sequence[bool]) -> int | None:
    return next((number for number, alarm in enumerate(alarms, 1) if alarm), None)


def _table(rows: list[list[str]]) -> str:
    widths = [max(len(line[column]) for line in rows) for column in range(len(rows[0]))]
    lines = [rows[0], ["-" * width for width in widths], *rows[1:]]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )
