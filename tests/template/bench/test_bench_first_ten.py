"""What `python -m bench.first_ten` counts, and that its page says what was counted."""

import csv
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))
from bench.first_ten import count, report  # noqa: E402
from bench.first_ten.tools import CAIRN, KEDRO, TOOLS, WRITTEN, Edit  # noqa: E402
from bench.first_ten.visit import edit, own_table  # noqa: E402
from bench.measure import CommandError  # noqa: E402

FOUND = json.loads((ROOT / "bench" / "first_ten.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "first-ten-minutes.md").read_text(encoding="utf-8")
GUIDE = """# Tool

How to begin.

## Install

```bash
# first
pip install tool

# then
tool new
```

### Train

tool train
"""


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def a_project(folder: Path, **files: str) -> Path:
    for path, text in files.items():
        (folder / path).write_text(text)
    return folder


def test_the_page_says_what_was_counted():
    assert report.document(FOUND) == PAGE
    assert report.table(FOUND) in PAGE


def test_totals_and_claims_follow_from_the_single_counts():
    assert set(FOUND["tools"]) == set(TOOLS)
    for told in FOUND["tools"].values():
        assert report.totals(told) == told["totals"]
    assert report.claims(FOUND["tools"]) == FOUND["claims"]


def test_the_commands_counted_are_those_of_the_code_and_no_place_of_this_machine_is_told():
    for name, told in FOUND["tools"].items():
        assert [each["typed"] for each in told["commands"]] == [each.typed for each in TOOLS[name].commands]
    places = (ROOT, Path.home(), Path(tempfile.gettempdir()))
    assert not [place for place in places if f"{place}/" in json.dumps(FOUND)]


def test_the_readme_tells_cairns_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for each in CAIRN.commands:
        assert not each.page or count.section(readme, each.told)


@pytest.mark.parametrize(
    ("told", "heading", "length"),
    [("begin", "Tool", 2), ("pip install tool", "Install", 7), ("TOOL NEW", "Install", 7), ("tool train", "Train", 2)],
)
def test_a_section_goes_from_its_heading_to_the_next_and_a_comment_in_code_is_no_heading(told, heading, length):
    assert count.section(GUIDE, told) == (heading, length)


def test_a_guide_that_does_not_say_it_is_refused():
    with pytest.raises(CommandError, match="does not say 'tool deploy'"):
        count.section(GUIDE, "tool deploy")


def test_files_made_are_those_that_git_keeps(tmp_path):
    a_project(tmp_path, **{".gitignore": "secret\n", "secret": "1", "run.py": "1", "näme.md": ""})
    assert sorted(count.files_made(tmp_path)) == [".gitignore", "näme.md", "run.py"]


def test_a_project_that_is_a_repository_keeps_its_own_history(tmp_path):
    git(a_project(tmp_path, kept="1", later="1"), "init", "--quiet")
    git(tmp_path, "add", "kept")
    assert count.files_made(tmp_path) == ["kept"]


def test_lines_written_are_those_added_or_changed_blank_ones_and_deleted_ones_left_out(tmp_path):
    count.files_made(a_project(tmp_path, changed="one\ntwo\nthree\n", deleted="one\ntwo\n", same="one\n"))
    a_project(tmp_path, changed="one\n++2\n\nthree\n   \nfour\n", deleted="one\n", new="\n+ a\nb\n")
    assert count.written(tmp_path) == {"changed": 2, "deleted": 0, "new": 2}


def test_questions_are_the_keys_that_are_asked_and_not_answered_by_a_command(tmp_path):
    asked = a_project(tmp_path, **{"a.json": '{"name": "x", "_copy": [], "__prompts__": {}, "data": ["a", "b"]}'})
    assert count.questions(asked / "a.json") == ["name", "data"]
    assert count.questions(asked / "a.json", ("name",)) == ["data"]
    asked = a_project(tmp_path, **{"b.yml": "name:\n  title: Name\n"})
    assert count.questions(asked / "b.yml") == ["name"]
    assert count.questions(None) == []


def test_an_edit_that_finds_nothing_to_change_is_refused(tmp_path):
    tool = replace(KEDRO, edits=(Edit("a.py", "price", "spent"),))
    edit(tool, a_project(tmp_path, **{"a.py": "y = price\n"}))
    assert (tmp_path / "a.py").read_text() == "y = spent\n"
    with pytest.raises(CommandError, match=r"a\.py: nothing there is 'price'"):
        edit(tool, tmp_path)


def test_every_new_file_is_there_and_every_file_of_written_is_used():
    used = {source for tool in TOOLS.values() for _, source in tool.added}
    assert used == {path.name for path in WRITTEN.iterdir() if path.is_file()}


@pytest.mark.parametrize("target", ["again", "spent"])
def test_the_own_table_is_the_same_each_time_and_has_texts_and_gaps(target):
    assert own_table(target) == own_table(target)
    rows = list(csv.DictReader(own_table(target).splitlines()))
    assert len(rows) == 2000
    assert 50 < sum(not row["visits"] for row in rows) < 200
    assert len({row[target] for row in rows}) == 2 if target == "again" else len({row[target] for row in rows}) > 100
