"""Bad answers: one clear line each, exit code 1, and no folder left behind."""

import pytest
from tests.template.scaffold.conftest import ROOT

OWN = {"data": "file", "data_path": "https://example.org/my.csv", "target": "income"}


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({"project_slug": "Hat_Shop"}, "project_slug: 'Hat_Shop' is no name; use a-z, 0-9 and single -, a letter first"),
        ({"project_slug": "1st"}, "project_slug: '1st' is no name"),
        ({"project_name": " ", "project_slug": "a"}, "project_name: one line of words is needed"),
        ({"author": "Ann\nBob"}, "author: one line of words is needed"),
        ({**OWN, "target": ""}, "target: name the column of your table that is to be predicted"),
        ({**OWN, "data_path": ""}, "data_path: say where your table is, or take data=hat_shop"),
        ({**OWN, "data_path": "my.csv"}, "data_path: no file 'my.csv' in {home}; give its full path"),
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


def test_a_folder_that_exists_is_left_as_it_is(person):
    (person.home / "hat-shop").mkdir()
    (person.home / "hat-shop" / "mine.txt").write_text("mine")
    done = person.run("cookiecutter", "--no-input", ROOT)
    assert done.returncode == 1
    assert done.stdout + done.stderr == 'Error: "hat-shop" directory already exists\n'
    assert [path.name for path in (person.home / "hat-shop").iterdir()] == ["mine.txt"]


def test_a_machine_without_git_is_told_so(person, tmp_path):
    import shutil

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
