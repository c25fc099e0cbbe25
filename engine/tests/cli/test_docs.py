"""`cairn docs`: the pages in a terminal, through a pipe and as HTML."""

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import cairn
from cairn.cli import docs
from cairn.errors import InputError

PAGES = Path(cairn.__file__).parents[3] / "docs"
CAIRN = [sys.executable, "-m", "cairn"]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_list_has_every_page_with_its_title(capsys):
    docs.docs(None)
    _, *rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == sorted(page.stem for page in PAGES.glob("*.md"))
    assert "  splits                 Split the rows" in rows


@pytest.mark.parametrize("name", ["splits", "splits.md", "docs/splits.md"])
def test_page_through_a_pipe_is_its_markdown(capsys, name):
    docs.docs(name)
    assert capsys.readouterr().out == (PAGES / "splits.md").read_text()


def test_page_in_a_terminal_is_laid_out():
    shown = in_terminal("docs", "splits")
    assert "Split the rows" in shown and "# Split the rows" not in shown
    assert "• Choose" in shown and "```" not in shown


def test_unknown_page_names_the_nearest():
    with pytest.raises(InputError, match=r"no page 'serch' \(did you mean 'search'\?\)"):
        docs.docs("serch")


def test_html_links_to_pages_and_headings(cache, capsys):
    docs.docs("search", html=True)
    path = Path(capsys.readouterr().out.strip())
    assert cache in path.parents
    search = path.read_text()
    assert '<h2 id="automl">' in search and 'href="#automl"' in search
    for page in path.parent.glob("*.html"):
        for link in re.findall(r'href="([\w-]+\.html)', page.read_text()):
            assert (path.parent / link).exists(), f"{page.name}: {link}"


def test_html_that_cannot_be_written_is_one_line(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(InputError, match="set XDG_CACHE_HOME"):
        docs.docs("search", html=True)


def test_pages_come_from_the_package_where_a_wheel_put_them(tmp_path):
    shutil.copytree(Path(cairn.__file__).parent, tmp_path / "cairn", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "cairn" / "docs").mkdir()
    (tmp_path / "cairn" / "docs" / "one.md").write_text("# The first page\n")
    assert run_in(tmp_path, "docs", "one").stdout == "# The first page\n"
    shutil.rmtree(tmp_path / "cairn" / "docs")
    refused = run_in(tmp_path, "docs")
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: ") and refused.stderr.count("\n") == 1


def run_in(folder, *arguments):
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run([*CAIRN, *arguments], cwd=folder, env=environment, capture_output=True, text=True)


def in_terminal(*arguments):
    """What a command prints in a terminal, without a pager's help."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"PAGER": "cat", "TERM": "dumb", "COLUMNS": "80"}
    process = subprocess.Popen([*CAIRN, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    text = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not part:
            break
        text += part
    os.close(ours)
    assert process.wait() == 0, text
    return text.decode()
