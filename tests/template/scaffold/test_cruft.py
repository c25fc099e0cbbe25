"""A project keeps step with the template: cruft merges what the template changed into what the team changed."""

import hashlib

from tests.template.scaffold.conftest import commit

OWN = {"project_slug": "hats", "data": "file", "data_path": "hats.csv", "target": "bought"}


def test_an_update_finds_both_changes_of_one_file(person, template):
    (person.home / "hats.csv").write_text("size,bought\n1,0\n")
    project = person.bake(template, **OWN)
    assert "up to date" in person.must("cruft", "check", cwd=project)

    rules, makefile = template / "conf/rules/default.yaml", template / "Makefile"
    first = rules.read_text().splitlines()[0]
    rules.write_text(rules.read_text().replace(first, f"{first} (from the template)", 1))
    makefile.write_text(makefile.read_text() + "\n# new in the template\n")
    (template / "conf/model/news.yaml").write_text("# News\n")
    split = template / "engine/src/cairn/tables/split.py"
    split.write_text(split.read_text() + "\n# new in the library\n")
    commit(person, template, "Change the template")
    mine = project / "conf/rules/default.yaml"
    mine.write_text(mine.read_text() + "# from the team\n")
    (project / "params.yaml").write_text("composed: true\n")
    commit(person, project, "Change the project")

    assert person.run("cruft", "check", cwd=project).returncode == 1
    person.must("cruft", "update", "--skip-apply-ask", cwd=project)
    assert "(from the template)" in mine.read_text() and mine.read_text().endswith("# from the team\n")
    assert (project / "Makefile").read_text().endswith("# new in the template\n")
    assert (project / "conf/model/news.yaml").is_file()
    wheel = next((project / "vendor").iterdir())
    assert b"# new in the library" in wheel.read_bytes(), "the library comes with the update"
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() in (project / "requirements.lock").read_text()
    assert (project / "params.yaml").read_text() == "composed: true\n", "what a run writes is left alone"
    assert "path: ../hats.csv" in (project / "conf/data/file.yaml").read_text()
    assert list(project.rglob("*.rej")) == []
    assert "up to date" in person.must("cruft", "check", cwd=project)


def test_cruft_create_gives_what_cookiecutter_gives(person, template, tracked):
    project = person.bake(template)
    other = person.home / "other"
    other.mkdir()
    person.must("cruft", "create", template, "--no-input", "--output-dir", other)
    assert tracked(other / "hat-shop") == tracked(project)
    for name in tracked(project) - {".cruft.json"}:
        assert (other / "hat-shop" / name).read_bytes() == (project / name).read_bytes(), name
