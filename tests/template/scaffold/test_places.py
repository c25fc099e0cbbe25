"""From where a template may come: a folder, a git address, a zip; with untracked files, or without run bits."""

import os
import shutil

from tests.template.scaffold.conftest import commit

SECRET = "untracked-7d1c"


def test_a_git_address_and_a_zip_give_what_the_folder_gives(person, template, tracked):
    person.must("git", "clone", "--quiet", "--bare", template, person.home / "cairn.git")
    person.must("git", "archive", "--prefix=template/", "--output", person.home / "cairn.zip", "HEAD", cwd=template)
    made = {
        "path": person.bake(template, project_slug="from-path"),
        "url": person.bake(f"file://{person.home}/cairn.git", project_slug="from-url"),
        "zip": person.bake(person.home / "cairn.zip", project_slug="from-zip"),
    }
    names = {name: tracked(project) - {".cruft.json"} for name, project in made.items()}
    assert names["path"] == names["url"] == names["zip"]
    for name in names["path"]:
        text = (made["path"] / name).read_bytes().replace(b"from-path", b"from-zip")
        assert text == (made["zip"] / name).read_bytes(), name
    assert not (made["zip"] / ".cruft.json").exists(), "a zip does not say which commit it is"
    assert (made["url"] / ".cruft.json").is_file()


def test_untracked_files_of_the_template_do_not_leak(person, template):
    for place in (
        "data/raw/customers.csv",
        ".env",
        "src/pipeline/mine.py",
        "engine/src/cairn/mine.py",
        "{{cookiecutter.project_slug}}/notes.txt",
    ):
        (template / place).parent.mkdir(parents=True, exist_ok=True)
        (template / place).write_text(SECRET)
    printed = person.must("cookiecutter", "--no-input", template)
    project = person.home / "hat-shop"
    found = [path for path in project.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert found == []
    assert not (project / ".cruft.json").exists(), "no commit says what this template is"
    note = f"note: this project cannot be updated from its template later (no .cruft.json): {template} has changes"
    assert printed.splitlines()[-1].startswith(note)


def test_a_copy_without_git_is_refused_since_nobody_knows_what_in_it_is_whose(person, template):
    shutil.rmtree(template / ".git")
    done = person.run("cookiecutter", "--no-input", template)
    assert done.returncode == 1
    assert f"error: {template} is no git repository; clone the template, or take its zip" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (person.home / "hat-shop").exists()


def test_a_script_of_a_checkout_without_run_bits_can_be_run(person, template):
    (template / "tool").write_text("#!/bin/sh\n")
    commit(person, template, "Add a tool")
    project = person.bake(template)
    assert os.access(project / "tool", os.X_OK)
    assert person.must("git", "ls-files", "--stage", "tool", cwd=project).startswith("100755 ")


def test_the_same_answers_give_the_same_bytes(person, template, tmp_path):
    trees = []
    for _ in range(2):
        project = person.bake(template)
        trees.append(person.must("git", "rev-parse", "HEAD^{tree}", cwd=project))
        shutil.rmtree(project)
    assert trees[0] == trees[1]
