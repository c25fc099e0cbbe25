"""Write what was found: bench/serve.json for machines, docs/serving-benchmarks.md for people."""

from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import product
from statistics import median
from typing import Any

from bench.quality.report import machine
from bench.serve.model import ASKED, COLUMNS, TREES
from bench.serve.servers import ENVIRONMENTS, OURS, SYSTEMS
from bench.serve.visit import BUSY, CONNECTIONS, IMPORTS, MANY

SPELLED = {"json": "JSON", "arrow": "Arrow"}
SHARE, TIMES = 0.5, 1.5  # asked of many rows beside the bare prediction, and of the start beside the imports
LIBRARIES = ("litserve", "orjson", "prometheus-client", "starlette", "uvicorn", "uvloop", "xgboost")
HELD = {True: "yes", False: "NO", None: "not measured"}
Visit = dict[str, Any]
Claim = tuple[str, str, bool | None]


def found(
    visits: list[Visit], *, rounds: int, seconds: int, warm_up: int, soak: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Give every figure as plain JSON content: machine, environments, claims, and each single visit."""
    about = {"machine": machine(), "libraries": {name: version(name) for name in LIBRARIES}}
    about |= {"environments": ENVIRONMENTS, "rounds": rounds, "seconds": seconds, "warm_up": warm_up}
    claims = [{"asked": asked, "found": told, "held": held} for asked, told, held in _claims(visits)]
    return about | {"claims": claims, "soak": soak, "visits": visits}


def document(found: dict[str, Any]) -> str:
    """Lay out what `found` gave as a page of Markdown."""
    told, claims = found["machine"], found["claims"]
    libraries = ", ".join(f"{name} {number}" for name, number in found["libraries"].items())
    rows = [["asked", "found", "held"], *([each["asked"], each["found"], HELD[each["held"]]] for each in claims)]
    where = f"{told['system']}, {told['cores']} cores, {told['memory_gib']} GiB, Python {told['python']}"
    rounds, seconds, warm_up = found["rounds"], found["seconds"], found["warm_up"]
    connections = f"{', '.join(map(str, CONNECTIONS[:-1]))} and {CONNECTIONS[-1]}"
    return f"""# Serving beside others

`make bench-serve` measures this and writes this page: Cairn's server beside others, all with the same XGBoost
model of {TREES} trees on {COLUMNS} columns, the same rows and the same {told["cores"]} cores.
bench/serve/ holds how: the servers in servers.py and peers/.

- Each server is started afresh, answers {ASKED:,} requests that are compared with the model, and is warmed up for
  {warm_up} s. Then wrk asks it without a pause, {seconds} s each on {connections} connections; one answer that is
  not 200 and the load counts as failed. So all of them in turn, {rounds} times. Figures are medians, with the lowest
  and the highest in brackets.
- wrk takes a part of the same cores, from all alike; nothing is pinned to a core. Every process predicts by one thread.
- Cairn's server checks every value, gives each answer an id, and counts for Prometheus. Of the others, FastAPI with
  Pydantic and BentoML check types, the others nothing or shapes.
- MLServer and MLflow take no texts, and are sent their codes. With 2 processes, MLServer has two workers beside the
  process that answers, and LitServe as many workers as processes that answer.
- Memory is the resident sets of all of a server's processes together; what they share counts for each. Start is from
  the command to the first prediction.

## Asked and held

{_table(rows)}

{summary(found)}

{_loaded(found["soak"])}

Measured on {where}. Ours:
{libraries}.
The others: {"; ".join(found["environments"].values())}.
Every single visit stands in bench/serve.json.
"""


def _loaded(soak: dict[str, Any] | None) -> str:
    """Lay out what bench.serve.soak found."""
    if soak is None:
        return "## Under load\n\nNot measured; `python -m bench.serve.soak` does."
    counts = soak["answers"]
    right = sum(counts[kind] for kind in ("row", "rows", "arrow"))
    memory = soak["memory_gib"]
    rows = [
        ["found", "figure"],
        ["answers compared with the model that they name", f"{right:,}"],
        ["wrong", str(len(soak["wrong"]))],
        ["garbage refused by a line of JSON", f"{counts['garbage refused']:,}"],
        ["requests whose worker died, told to try again", str(counts.get("told to try again", 0))],
        ["workers killed by -9", str(counts["workers killed"])],
        ["promotions", str(soak["promotions"])],
        ["predictions recorded", f"{soak['captures']:,}"],
        ["answers not or not wholly recorded", str(soak["captures_lost"])],
        ["GiB at most, first half and second half", f"{memory['first_half']}, {memory['second_half']}"],
        ["processes left after SIGTERM", str(soak["processes_left"])],
    ]
    about = (
        "Requests of one row, of many and in Arrow at a steady rate; all along models are promoted in turn, a worker"
    )
    about += (
        "\nis killed and garbage is sent. Memory is what all processes hold together, what they share counted once."
    )
    return f"## {soak['seconds'] / 60:g} minutes of load\n\n{about}\n\n{_table(rows)}"


def summary(found: dict[str, Any]) -> str:
    """Give the tables alone."""
    visits = found["visits"]
    counts = sorted({each["processes"] for each in visits})
    parts = [f"## One row a request, {_processes(count)}\n\n{_one_row(visits, count)}" for count in counts]
    many = f"## {MANY} rows a request, {BUSY} connections: rows a second\n\n{_many_rows(visits, counts)}"
    return "\n\n".join([*parts, many])


def _one_row(visits: list[Visit], count: int) -> str:
    header = ["server", *(f"requests/s at {each}" for each in CONNECTIONS)]
    header += [f"p50 at {BUSY}, ms", f"p99 at {BUSY}, ms", "GiB", "start, s"]
    rows = []
    for name, system in SYSTEMS.items():
        own = _of(visits, name, count)
        if failed := next((each["failed"] for each in own if "failed" in each), None):
            rows.append([system.title, f"failed: {failed[:80]}", *[""] * 6])
        elif own:
            rates = [_spread(own, lambda each, at=at: each["one_row"][str(at)]["rate"], ",.0f") for at in CONNECTIONS]
            slow = [_spread(own, lambda each, p=p: each["one_row"][str(BUSY)][p], ".2f") for p in ("p50", "p99")]
            weight, start = (_spread(own, lambda each, key=key: each[key], ".2f") for key in ("gib", "start"))
            rows.append([system.title, *rates, *slow, weight, start])
    return _table([header, *rows])


def _many_rows(visits: list[Visit], counts: list[int]) -> str:
    rows = [["", *(_processes(count) for count in counts)]]
    kinds: dict[str, Callable[[Visit], float]] = {
        "cairn serve, JSON": lambda each: each["many_rows"]["json"]["rate"] * MANY,
        "cairn serve, Arrow": lambda each: each["many_rows"]["arrow"]["rate"] * MANY,
        "as many processes that predict a prepared frame of as many rows, without a server": lambda each: each[
            "many_rows"
        ]["bare"],
    }
    for title, value in kinds.items():
        rows.append([title, *(_spread(_of(visits, OURS, count), value, ",.0f") for count in counts)])
    return _table(rows)


def _claims(visits: list[Visit]) -> Iterator[Claim]:
    for count in sorted({each["processes"] for each in visits}):
        for at in CONNECTIONS:
            yield _throughput(visits, count, at)
        yield _slowest(visits, count)
    for count, kind in product(sorted({each["processes"] for each in visits}), ("json", "arrow")):
        own = [each["many_rows"] for each in _ours(visits, count)]
        share = [each[kind]["rate"] * MANY / each["bare"] for each in own]
        asked = f"{_processes(count)}, {MANY} rows as {SPELLED[kind]}: at least {SHARE:g} of bare prediction's rows/s"
        yield asked, f"{median(share):.2f}" if share else "", median(share) >= SHARE if share else None
    times = [each["start"] / each["imports"] for each in visits if "imports" in each]
    asked = f"from start to the first prediction at most {TIMES:g} times `{IMPORTS}`"
    yield asked, f"{median(times):.2f}" if times else "", median(times) <= TIMES if times else None


def _throughput(visits: list[Visit], count: int, at: int) -> Claim:
    rates = _medians(visits, count, lambda each: each["one_row"][str(at)]["rate"])
    ours, peers = rates.pop(OURS, None), rates
    asked = f"{_processes(count)}, {_connections(at)}: more requests a second than every other server"
    if ours is None or not peers:
        return asked, "", None
    best = max(peers, key=lambda name: peers[name])
    return asked, f"{ours / peers[best]:.2f} times {SYSTEMS[best].title}", ours > peers[best]


def _slowest(visits: list[Visit], count: int) -> Claim:
    slow = _medians(visits, count, lambda each: each["one_row"][str(BUSY)]["p99"])
    ours, peers = slow.pop(OURS, None), slow
    asked = f"{_processes(count)}, {BUSY} connections: p99 no worse than the best other server's"
    if ours is None or not peers:
        return asked, "", None
    best = min(peers, key=lambda name: peers[name])
    return asked, f"{ours:.2f} ms; {SYSTEMS[best].title} {peers[best]:.2f} ms", ours <= peers[best]


def _medians(visits: list[Visit], count: int, value: Callable[[Visit], float]) -> dict[str, float]:
    measured = {name: [each for each in _of(visits, name, count) if "failed" not in each] for name in SYSTEMS}
    return {name: median(map(value, own)) for name, own in measured.items() if own}


def _of(visits: list[Visit], name: str, count: int) -> list[Visit]:
    return [each for each in visits if (each["system"], each["processes"]) == (name, count)]


def _ours(visits: list[Visit], count: int) -> list[Visit]:
    return [each for each in _of(visits, OURS, count) if "failed" not in each]


def _spread(visits: list[Visit], value: Callable[[Visit], float], digits: str) -> str:
    values = [value(each) for each in visits if "failed" not in each]
    if not values:
        return ""
    middle, low, high = (f"{each:{digits}}" for each in (median(values), min(values), max(values)))
    return middle if len(values) == 1 else f"{middle} ({low} to {high})"


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"


def _connections(count: int) -> str:
    return "1 connection" if count == 1 else f"{count} connections"


def _table(rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [rows[0], ["-" * width for width in widths], *rows[1:]]
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)
