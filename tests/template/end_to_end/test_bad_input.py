"""Bad input through the real stages: one line that says what, where and what to do, and nothing half-written."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from engine.tests.stages import Outcome, run_stage

from cairn import config

ROOT = Path(__file__).parents[3]
STAGES = (
    "compose",
    "code",
    "ingest",
    "features",
    "split",
    "tune",
    "train",
)  # validate is slow, and its lines are its own
OUTS = {
    name: [next(iter(out)) if isinstance(out, dict) else out for out in stage.get("outs", [])]
    for name, stage in yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"].items()
}
Stage = Callable[[str], Outcome]


def table(
    rows: int = 60, *, label: Callable[[int], str] = lambda row: ("no", "yes")[row % 2], **columns: Callable[[int], str]
) -> str:
    """Write a sound CSV table of ages, cities and who earns much, with further columns of the test's own."""
    cells = {"age": lambda row: str(20 + row * 7 % 50), "city": lambda row: "abc"[row % 3], **columns, "income": label}
    lines = [list(cells), *([cell(row) for cell in cells.values()] for row in range(rows))]
    return "".join(",".join(line) + "\n" for line in lines)


class Bad(NamedTuple):
    """What is wrong with the input, the stage that must say so, and the line it must say (`...`: anything)."""

    what: str
    content: str | bytes | None
    stage: str
    line: str
    choices: tuple[str, ...] = ()


SHA256 = hashlib.sha256(table().encode()).hexdigest()

BAD = [
    Bad(
        "no such file",
        table(),
        "ingest",
        "data.path: no file 'tabel.csv' in project/ (did you mean 'table.csv'?)",
        ("data.path=tabel.csv",),
    ),
    Bad(
        "no such folder",
        table(),
        "ingest",
        "data.path: no folder nowhere",
        ("data.path=nowhere/table.csv",),
    ),
    Bad("empty file", "", "ingest", "table.csv: the file is empty"),
    Bad("only a header", table(rows=0), "ingest", "table.csv: no rows, only the names of columns"),
    Bad(
        "not UTF-8",
        table(city=lambda row: "Zürich" if row == 4 else "Bonn").encode("latin1"),
        "ingest",
        "table.csv, line 6: byte 5 is 0xfc, not UTF-8; convert the file: iconv -f LATIN1 -t UTF-8 OLD > NEW",
    ),
    Bad(
        "a wrong delimiter",
        table(),
        "ingest",
        "data.delimiter: ';' does not part 'age,city,income' in table.csv; ',' would",
        ("data.delimiter=';'",),
    ),
    Bad(
        "a row with too few cells",
        table() + "33,a\n",
        "ingest",
        "table.csv, line 62: 2 cells, but the first line has 3",
    ),
    Bad(
        "duplicate column names",
        table().replace("city", "age", 1),
        "ingest",
        "table.csv: two columns are named 'age'; rename one",
    ),
    Bad(
        "no such target",
        table(),
        "ingest",
        "data.target: no column 'incom' in table.csv (did you mean 'income'?)",
        ("data.target=incom",),
    ),
    Bad(
        "mixed types in a column",
        table(rows=30_000, x=lambda row: "many" if row == 25_000 else str(row % 50)),
        "ingest",
        "table.csv, line 25002: 'many' in column 'x' is no BIGINT; "
        "say -S +data.types.x=VARCHAR if it is meant, or list it in data.missing",
    ),
    Bad(
        "a checksum that does not match",
        table(),
        "ingest",
        f"data.sha256: table.csv has {SHA256}, not {'0' * 64}; another version of the file?",
        (f"data.sha256='{'0' * 64}'",),
    ),
    Bad(
        "a time column that does not parse",
        table(day=lambda row: "soon" if row == 3 else f"2024-03-{row % 28 + 1:02}"),
        "ingest",
        "table.csv, row 4: data.time: 'soon' in column 'day' is no TIMESTAMP; write it as 2026-01-31 10:30:00",
        ("data.time=day", "split=time"),
    ),
    Bad(
        "a constant target",
        table(label=lambda row: "no"),
        "features",
        "data.target: 'income' is constant (False): there is nothing to learn",
    ),
    Bad(
        "a class with one row",
        table(label=lambda row: "perhaps" if row == 5 else ("no", "yes")[row % 2]),
        "features",
        "data.target: class 'perhaps' of 'income' has one row; give it more, or leave it out",
    ),
    Bad(
        "a class with fewer rows than parts",
        table(label=lambda row: "perhaps" if row in (5, 7) else ("no", "yes")[row % 2]),
        "split",
        "split: class 'perhaps' of 'income' has 2 rows, and every one of 3 parts needs one",
    ),
    Bad(
        "shares that do not add up",
        table(),
        "split",
        "split: the shares must add up to 1, and 0.9 + 0.1 + 0.1 = 1.1",
        ("split.train=0.9",),
    ),
    Bad(
        "no feature with a value",
        table(age=lambda row: "", city=lambda row: ""),
        "tune",
        "features: no column is left that a model could learn from "
        "(age: every value is missing; city: every value is missing)",
    ),
    Bad(
        "infinite values",
        table(x=lambda row: "inf" if row % 2 else str(row / 4)),
        "tune",
        "x: 24 infinite values, the first in row ... of this part; make them missing in the file or in the features SQL",
    ),
    Bad(
        "a category of 10,000 levels",
        table(rows=20_000, x=lambda row: f"v{row % 10_000}"),
        "tune",
        "x: 9,... different values are too many for a category (signature.max_levels is 1,000); "
        "leave it out with data.drop=[x] or raise signature.max_levels",
    ),
    Bad(
        "dates as text",
        table(x=lambda row: f"{row % 28 + 1}.3.2024" if row % 2 else f"2024-03-{row % 28 + 1:02}"),
        "tune",
        "x: text that looks like dates, such as '...'; "
        "where all read like 2024-01-31 say -S +data.types.x=DATE, else use strptime in the features SQL",
    ),
    Bad(
        "question marks among numbers",
        table(x=lambda row: "?" if row % 20 == 0 else str(row % 50)),
        "tune",
        "x: ... of 48 values are no numbers, such as '?', and the others are; "
        "list them in data.missing, or say -S +data.types.x=DOUBLE once they are gone",
    ),
]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Give the function that runs a stage, in an empty project with a copy of conf/."""
    project = tmp_path / "project"
    project.mkdir()
    shutil.copytree(ROOT / "conf", project / "conf")
    shutil.copy(ROOT / "dvc.yaml", project)
    monkeypatch.chdir(project)
    monkeypatch.setenv("DVC_EXP_NAME", "bad-input")  # so that `compose` keeps the params.yaml of the test
    return run_stage


def prepare(content: str | bytes | None, *choices: str) -> None:
    """Write the table, and params.yaml as `dvc exp run -S data=file ...` does."""
    if content is not None:
        Path("table.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    given = ["data=file", "data.path=table.csv", "data.target=income", "search=none", "model=dummy", *choices]
    config.write(config.compose(given)[0])


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.what)
def test_bad_input_ends_in_one_line_and_nothing_half_written(stage: Stage, bad: Bad) -> None:
    prepare(bad.content, *bad.choices)
    for name in STAGES[: STAGES.index(bad.stage)]:
        done = stage(name)
        assert (done.returncode, done.stderr) == (0, ""), f"{name}: {done.stderr}"
    done = stage(bad.stage)
    assert done.returncode == 1, done.stdout
    assert done.stderr.endswith("\n")
    assert done.stderr.count("\n") == 1, done.stderr
    start, _, end = f"error: {bad.line}\n".partition("...")
    assert done.stderr.startswith(start)
    assert done.stderr.endswith(end)
    assert [out for out in OUTS[bad.stage] if Path(out).exists()] == []
    assert list(Path().rglob("*.partial")) == []


MENDS = [
    ("a wrong delimiter", "data.delimiter=null"),
    ("mixed types in a column", "+data.types.x=VARCHAR"),
    ("mixed types in a column", "data.missing=[many]"),
    ("a category of 10,000 levels", "data.drop=[x]"),
    ("a category of 10,000 levels", "signature.max_levels=10000"),
    ("dates as text", "data.drop=[x]"),
    ("question marks among numbers", "data.missing=['?']"),
]


@pytest.mark.parametrize(("what", "mend"), MENDS)
def test_what_the_line_says_to_do_mends_it(stage: Stage, what: str, mend: str) -> None:
    bad = next(each for each in BAD if each.what == what)
    prepare(bad.content, *bad.choices, mend)
    for name in STAGES[: STAGES.index(bad.stage) + 1]:
        done = stage(name)
        assert (done.returncode, done.stderr) == (0, ""), f"{name}: {done.stderr}"


def test_a_column_that_tells_nothing_is_left_out_with_a_note(stage: Stage) -> None:
    mark, empty, same = (lambda row: "?"), (lambda row: ""), (lambda row: "7")
    prepare(table(mark=mark, empty=empty, same=same, code=lambda row: f"k{row}"), "data.missing=['?']")
    for name in STAGES:
        done = stage(name)
        assert (done.returncode, done.stderr) == (0, ""), f"{name}: {done.stderr}"
    assert [line for line in done.stdout.splitlines() if line.startswith("left out")] == [
        "left out mark: every value is missing",
        "left out empty: every value is missing",
        "left out same: the same value in every row",
        "left out code: every value is different, as in an identifier",
    ]
    assert Path("models/trained/signature.json").exists()
