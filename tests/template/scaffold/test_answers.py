"""Bad answers: one clear line each, exit code 1, and no folder left behind."""

import gzip
import shutil
import sys

import pytest
from tests.template.scaffold.conftest import ROOT

sys.path.append(str(ROOT / "hooks"))

import columns

OWN = {"data": "file", "data_path": "https://example.org/my.csv", "target": "income"}


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({"project_slug": "Hat_Shop"}, "project_slug: 'Hat_Shop' is not a valid name; use a-z, 0-9 and single -, a letter first"),
        ({"project_slug": "1st"}, "project_slug: '1st' is not a valid name"),
        ({"project_name": " ", "project_slug": "a"}, "project_name: one line of words is needed"),
        ({"author": "Ann\nBob"}, "author: one line of words is needed"),
        ({**OWN, "target": ""}, "target: name the column of your table that is to be predicted"),
        ({**OWN, "data_path": ""}, "data_path: say where your table is, or take data=hat_shop"),
        ({**OWN, "data_path": "my.csv"}, "data_path: no file 'my.csv' in {home}; give its full path"),
        ({"data_path": "x.parquet"}, "data_path: 'x.parquet' is used with data=file only; add data=file, or leave data_path out"),
        ({"dta": "file", "target": "y"}, "target: 'y' is used with data=file only; add data=file, or leave target out"),
        ({"remote": "s3", "remote_url": "gs://a"}, "remote_url: 'gs://a' is not an address that begins with s3://"),
        ({"remote": "gcs", "remote_url": "gs://"}, "remote_url: 'gs://' is not an address that begins with gs://"),
        ({"remote": "local", "remote_url": " "}, "remote_url: ' ' is not a folder"),
        ({"remote_endpoint": "localhost:9000"}, "remote_endpoint: 'localhost:9000' does not begin with https:// or http://"),
    ],
)  # fmt: skip
def test_a_bad_answer_is_one_line_and_leaves_no_folder(person, answers, line):
    given = [f"{key}={value}" for key, value in answers.items()]
    done = person.run("cookiecutter", "--no-input", ROOT, *given)
    assert done.returncode == 1
    assert done.stderr.startswith("error: " + line.format(home=person.home))
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert [path.name for path in person.home.iterdir() if not path.name.startswith(".")] == []


def test_every_bad_answer_is_named_at_once(person):
    done = person.run("cookiecutter", "--no-input", ROOT, "project_slug=A", "remote=s3", "remote_url=x")
    assert [line.split(":")[1].strip() for line in done.stderr.splitlines()] == ["project_slug", "remote_url"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"age,income\n1,2\n", "no column 'incom' in a.csv (did you mean 'income'?)"),
        ("a.csv", b'\xef\xbb\xbf"age; in years";"my income"\n1;2\n', "no column 'incom' in a.csv (did you mean 'my income'?)"),
        ("a.tsv", b"x\ty\n1\t2\n", "no column 'incom' in a.tsv (its columns: x, y)"),
        ("a.csv.gz", gzip.compress(b"age,income\n1,2\n", mtime=0), "no column 'incom' in a.csv.gz (did you mean 'income'?)"),
        ("a.jsonl", b'{"age": 1}\n\n{"income": 2}\n', "no column 'incom' in a.jsonl (did you mean 'income'?)"),
    ],
)  # fmt: skip
def test_a_target_that_the_table_lacks_is_refused_with_the_nearest_name(person, name, content, words):
    (person.home / name).write_bytes(content)
    done = person.run("cookiecutter", "--no-input", ROOT, "data=file", f"data_path={name}", "target=incom")
    assert (done.returncode, done.stderr) == (1, f"error: target: {words}\n")
    assert not (person.home / "hat-shop").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.parquet", b"PAR1"), ("a.csv", b"\xff\xfe"), ("a.csv.gz", b"no gzip"), ("a.jsonl", b"[1]\n"), ("a.json", b"{")],
)
def test_a_table_that_the_standard_library_cannot_read_is_left_to_the_first_run(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert columns.missing(tmp_path / name, "income") is None


def test_a_choice_that_does_not_exist_is_named_by_cookiecutter(person):
    done = person.run("cookiecutter", "--no-input", ROOT, "data=flie")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert "flie" in last and "data" in last and "hat_shop" in last
    assert not (person.home / "hat-shop").exists()


def test_a_folder_that_exists_is_left_as_it_is(person):
    (person.home / "hat-shop").mkdir()
    (person.home / "hat-shop" / "mine.txt").write_text("mine")
    done = person.run("cookiecutter", "--no-input", ROOT)
    assert done.returncode == 1
    assert done.stdout + done.stderr == 'Error: "hat-shop" directory already exists\n'
    assert [path.name for path in (person.home / "hat-shop").iterdir()] == ["mine.txt"]


def test_a_machine_without_git_is_told_so(person, tmp_path):
    alone = tmp_path / "bin"
    alone.mkdir()
    for program in ("cookiecutter", "python"):
        (alone / program).symlink_to(shutil.which(program, path=person.env["PATH"]))
    done = person.run(alone / "cookiecutter", "--no-input", ROOT, PATH=str(alone))
    assert done.returncode == 1
    assert done.stderr.startswith("error: git: not found; the project is a git repository, so install git first")
    assert not (person.home / "hat-shop").exists()


def test_a_person_without_a_name_in_git_gets_a_first_commit_all_the_same(person):
    project = person.bake(author="Ann of the shop")
    assert person.must("git", "log", "--format=%an|%s", cwd=project) == "Ann of the shop|Start Hat shop\n"


def test_an_author_with_a_mail_address_signs_the_first_commit(person):
    project = person.bake(author="Zoë Ann <zoe@example.org>")
    assert person.must("git", "log", "--format=%an|%ae", cwd=project) == "Zoë Ann|zoe@example.org\n"
