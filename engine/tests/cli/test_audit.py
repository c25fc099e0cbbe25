"""`cairn audit`: what was done and what answered, in one list, for people and for programs."""

import csv
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from engine.tests.monitoring.recordings import row, write
from engine.tests.small_project import Project, copied, make

from cairn.cli.audit import audit
from cairn.cli.promote import promote
from cairn.errors import InputError

LATER = datetime(2080, 1, 1, 12, tzinfo=UTC)  # than the promotions, which are now


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project with a model in prod and one in staging; prod's has answered two requests."""
    home = tmp_path_factory.mktemp("audit")
    project = make(home)
    with pytest.MonkeyPatch.context() as during:
        during.chdir(project.folder)
        promote("prod", why="The first model")
        project.commit(2)
        promote("staging", why="The second")
    rows = [row(LATER, request="a"), *(row(LATER + timedelta(seconds=2), request="b", number=n) for n in range(2))]
    write(project.folder / "data/captured" / f"date={LATER:%Y-%m-%d}" / "one.parquet", rows)
    return home


@pytest.fixture
def ann(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return copied(made, tmp_path, monkeypatch)


def told(capsys, **asked) -> list[dict]:
    audit(form="json", **asked)
    return json.loads(capsys.readouterr().out)


def test_what_was_done_and_what_answered_is_one_list_the_oldest_first(ann, capsys):
    rows = told(capsys)
    assert [(each["event"], each["version"], each["stage"]) for each in rows] == [
        ("registered", "v0.0.1", ""),
        ("promoted", "v0.0.1", "prod"),
        ("registered", "v0.0.2", ""),
        ("promoted", "v0.0.2", "staging"),
        ("used", "v0.0.1", ""),
    ]
    times = [datetime.fromisoformat(each["time"]) for each in rows]
    assert times == sorted(times)
    assert rows[0] | {"time": None} == {
        **{"time": None, "event": "registered", "version": "v0.0.1", "stage": "", "who": "Ann <ann@example.invalid>"},
        **{
            "why": "The first model",
            "commit": ann.git("rev-parse", "HEAD~"),
            "last": None,
            "requests": None,
            "rows": None,
        },
    }
    assert (rows[-1]["requests"], rows[-1]["rows"]) == (2, 3)
    assert datetime.fromisoformat(rows[-1]["last"]) == LATER + timedelta(seconds=2)


def test_people_get_a_table_and_spreadsheets_all_columns(ann, capsys):
    audit()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["time", "event", "version", "stage", "who", "why"]
    assert f"2 requests, 3 rows, the last at {LATER + timedelta(seconds=2):%H:%M:%S}" in lines[-2]
    assert lines[-1] == "(5 rows)"
    audit(form="csv")
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [(each["event"], each["rows"]) for each in rows][-2:] == [("promoted", ""), ("used", "3")]


def test_a_stage_keeps_what_concerns_its_versions(ann, capsys):
    assert [(each["event"], each["version"]) for each in told(capsys, stage="prod")] == [
        ("registered", "v0.0.1"),
        ("promoted", "v0.0.1"),
        ("used", "v0.0.1"),
    ]


def test_a_version_and_a_span_of_time_are_kept_apart(ann, capsys):
    assert [each["event"] for each in told(capsys, version="v0.0.2")] == ["registered", "promoted"]
    assert [each["event"] for each in told(capsys, since=(LATER - timedelta(seconds=50)).isoformat())] == ["used"]
    assert told(capsys, until="2026-01-01T00:00Z") == []


def test_a_request_leads_to_its_version_and_what_that_was_made_of(ann, capsys):
    (found,) = told(capsys, request="b")
    assert (found["version"], found["request"], found["rows"]) == ("v0.0.1", "b", 2)
    assert found["lineage"]["commit"] == ann.git("rev-parse", "HEAD~")
    assert found["lineage"]["metrics"] == {"roc_auc": 0.801}
    audit(request="b")
    assert "roc_auc: 0.801" in capsys.readouterr().out


def test_a_request_of_a_model_without_a_version_is_found_and_said_to_lead_nowhere(ann, capsys):
    write(ann.folder / "data/captured" / "local.parquet", [row(LATER, request="c") | {"version": None}])
    assert told(capsys, request="c")[0]["lineage"] is None
    audit(request="c")
    assert "local: not registered, so nothing more is known" in capsys.readouterr().out


def test_without_recorded_predictions_the_rest_is_told_and_a_note_says_so(ann, capsys):
    shutil.rmtree(ann.folder / "data/captured")
    audit(form="json")
    said = capsys.readouterr()
    assert len(json.loads(said.out)) == 4
    assert said.err.startswith("note: data/captured: no such folder")


def test_a_damaged_file_is_named_and_the_rest_is_used(ann, capsys):
    (ann.folder / "data/captured" / "broken.parquet").write_bytes(b"no Parquet")
    audit(form="json")
    said = capsys.readouterr()
    assert json.loads(said.out)[-1]["rows"] == 3
    assert said.err == "note: captured/broken.parquet: cannot be read, and left out\n"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"version": "v0.0.3"}, r"no version 'v0.0.3' \(did you mean 'v0.0.[12]'\?\)"),
        ({"stage": "production"}, "no stage 'production'"),
        ({"since": "yesterday"}, "--since: 'yesterday' is not a time such as 24h"),
        ({"request": "zzz"}, "--request zzz: not recorded"),
    ],
)
def test_what_is_not_there_is_said(ann, asked, said):
    with pytest.raises(InputError, match=said):
        audit(**asked)
