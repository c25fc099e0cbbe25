"""What a project consists of: tree.txt is the list, so that a new file of the template is a decision in it."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from tests.template.scaffold.conftest import ROOT, Person

LISTED = [line.split() for line in (Path(__file__).parent / "tree.txt").read_text().splitlines() if line[:1] != "#"]
OWN = {"data": "file", "data_path": "https://example.org/my.csv", "target": "income"}
# answers, and the parts of tree.txt that they ask for
PROJECTS = {
    "the defaults": ({}, {"example", "github"}),
    "a table of one's own": (OWN | {"license": "Apache-2.0", "remote": "s3", "remote_url": "s3://b/f"}, {"github"}),
    "no CI, proprietary": (OWN | {"ci": "none", "license": "Proprietary", "remote": "local"}, set()),
    "the example with boosters": (
        {"boosters": "y", "remote": "s3", "remote_endpoint": "http://127.0.0.1:9000"},
        {"example", "github"},
    ),
    "GitLab and Google": ({"ci": "gitlab", "remote": "gcs", "license": "BSD-3-Clause"}, {"example", "gitlab", "gcs"}),
    "Azure": (OWN | {"ci": "gitlab", "remote": "azure", "boosters": "y"}, {"gitlab", "azure"}),
}
REMOTES = {  # settings of DVC's remote
    "the defaults": {},
    "a table of one's own": {"url": "s3://b/f", "endpointurl": None, "verify": "true"},
    "no CI, proprietary": {"url": "{home}/sales-store", "verify": "true"},
    "the example with boosters": {"url": "s3://my-bucket/sales", "endpointurl": "http://127.0.0.1:9000"},
    "GitLab and Google": {"url": "gs://my-bucket/sales"},
    "Azure": {"url": "azure://my-container/sales"},
}
LICENCES = {"MIT": "MIT License", "Apache-2.0": "Apache License", "BSD-3-Clause": "BSD 3-Clause License"}
LIMITS = {"files": 90, "src": 1500, "tests": 600}  # of a project on a table of one's own: files, lines of Python


@pytest.fixture(scope="module")
def baked(tmp_path_factory):
    """Give the function that makes a project by its name in PROJECTS, once."""
    made: dict[str, Path] = {}

    def bake(name: str) -> Path:
        if name not in made:
            person = Person(tmp_path_factory.mktemp("home"))
            made[name] = person.bake(project_name="Sales", project_slug="sales", author="Zoë & Co", **PROJECTS[name][0])
        return made[name]

    return bake


@pytest.mark.parametrize("name", PROJECTS)
def test_a_project_holds_what_is_listed(baked, tracked, name):
    project, parts = baked(name), PROJECTS[name][1]
    wheel = {path.relative_to(project).as_posix() for path in (project / "vendor").iterdir()}
    assert len(wheel) == 1
    expected = {path for path, *needed in LISTED if set(needed) <= parts} | wheel
    assert tracked(project) - {".cruft.json"} == expected


@pytest.mark.parametrize("name", PROJECTS)
def test_no_mark_no_brace_and_no_dead_link_is_left(baked, tracked, name):
    project = baked(name)
    for file in (project / each for each in tracked(project) - {".cruft.json"} if not each.startswith("vendor/")):
        text = file.read_text(encoding="utf-8")
        assert "scaffold:" not in text and not re.search(r"(?<!\$)\{\{ ?cookiecutter", text), file
        if file.suffix == ".md":
            for link in re.findall(r"\]\(([^)\s#]+)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
                assert "://" in link or (file.parent / link).exists(), f"{file}: {link}"
        if file.suffix != ".ipynb":
            for page in re.findall(r"`cairn docs ([a-z-]+)`", text):
                assert (ROOT / "docs" / f"{page}.md").is_file(), f"{file}: no page {page}"
            assert not re.search(r"(?<![\w/])(docs/[a-z-]+\.md|engine/)", text) or file.name == "Makefile", file


def test_a_project_on_a_table_of_ones_own_is_small(baked, tracked):
    project = baked("a table of one's own")
    files = tracked(project) | {".cruft.json"}
    assert len(files) <= LIMITS["files"]
    for folder in ("src", "tests"):
        scripts = [project / name for name in files if name.startswith(f"{folder}/") and name.endswith(".py")]
        lines = sum(len(script.read_text(encoding="utf-8").splitlines()) for script in scripts)
        assert 0 < lines <= LIMITS[folder], f"{folder}: {lines} lines"


def test_the_answers_stand_in_the_files_that_use_them(baked):
    own, azure = baked("a table of one's own"), baked("Azure")
    assert "  - data: file\n" in (own / "conf/config.yaml").read_text()
    assert 'path: "https://example.org/my.csv"' in (own / "conf/data/file.yaml").read_text()
    assert "EXTRAS ?=\n" in (own / "Makefile").read_text()
    assert 'EXTRAS ?= "boosters azure"' in (azure / "Makefile").read_text().replace(
        "= boosters azure", '= "boosters azure"'
    )
    assert "- run: make lint test" in (own / ".github/workflows/ci.yml").read_text().replace('"', "")
    assert yaml.safe_load((azure / ".gitlab-ci.yml").read_text())["check"]["script"] == "make lint test"
    stages = yaml.safe_load((own / "dvc.yaml").read_text())["stages"]
    assert "vendor" in {dep for stage in stages.values() for dep in stage["deps"]}


def test_the_lock_holds_the_wheel_by_its_hash_and_nothing_of_the_template(baked):
    project = baked("the defaults")
    wheel = next((project / "vendor").iterdir())
    digest = subprocess.run(["sha256sum", wheel], capture_output=True, text=True, check=True).stdout.split()[0]
    lock = (project / "requirements.lock").read_text()
    assert f"\nvendor/{wheel.name} \\\n    --hash=sha256:{digest}\n" in lock
    source = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["uv"]["sources"]["cairn-tabular"]
    assert source == {"path": f"vendor/{wheel.name}"}
    assert not re.findall(r"^(?:nvidia-nccl|cookiecutter|schemathesis|fairlearn|rclone)", lock, re.M)


@pytest.mark.parametrize("name", ["the defaults", "a table of one's own"])
def test_the_code_is_clean(baked, name):
    project = baked(name)
    for command in (["ruff", "check", "--no-cache", "."], ["ruff", "format", "--no-cache", "--check", "."]):
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_readme_names_the_table_as_conf_does(person):
    (person.home / "work").mkdir()
    (person.home / "my.csv").write_text("size,bought\n1,0\n")
    answers = ["data=file", "data_path=../my.csv", "target=bought"]
    person.must("cookiecutter", "--no-input", ROOT, *answers, cwd=person.home / "work")
    project = person.home / "work" / "hat-shop"
    assert "path: ../../my.csv" in (project / "conf/data/file.yaml").read_text()
    assert "`../../my.csv`" in (project / "README.md").read_text()


def test_make_lists_each_target_with_its_whole_description(person):
    listed = person.must("make", cwd=ROOT, PATH=person.env["PATH"])
    assert re.search(r"^  make run +run the pipeline: raw data to a gated model$", listed, re.M)


def test_dvcs_settings_are_those_of_the_template(baked):
    project = baked("the defaults")
    for line in (ROOT / ".dvc" / "config").read_text().splitlines():
        assert line in (project / ".dvc" / "config").read_text().splitlines()


@pytest.mark.parametrize("name", PROJECTS)
def test_dvc_knows_the_remote(baked, name):
    from dvc.config import Config

    project, settings = baked(name), REMOTES[name]
    config = Config(str(project / ".dvc"), validate=False)
    assert ("remote" in config["core"]) == bool(settings)
    for key, value in settings.items():
        stated = config["remote"]["storage"].get(key)
        assert (str(stated) if stated is not None else None) == (value and value.format(home=project.parent))


@pytest.mark.parametrize("name", PROJECTS)
def test_the_licence_is_the_one_that_was_chosen(baked, name):
    project, chosen = baked(name), PROJECTS[name][0].get("license", "MIT")
    text = (project / "LICENSE").read_text()
    assert text.lstrip().startswith(LICENCES.get(chosen, "Copyright (c) Zoë & Co"))
    assert "Copyright" in text and "Zoë & Co" in text and "Cairn" not in text
    spelt = tomllib.loads((project / "pyproject.toml").read_text())["project"]["license"]
    assert spelt == (chosen if chosen in LICENCES else "LicenseRef-Proprietary")


def test_the_words_of_the_user_stand_where_the_templates_stood(person):
    name, what = 'O\'Brien "Ché": #1', 'It\'s 50 % \\ # "ok" <b>'
    project = person.bake(
        project_name=name, project_slug="obrien", description=what, remote="local", remote_url="/mnt/team"
    )
    told = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert (told["name"], told["description"]) == ("obrien", what)
    readme = (project / "README.md").read_text()
    assert readme.startswith(f"# {name}\n\n{what}\n")
    assert "Cairn" not in readme
    assert "url = /mnt/team\n" in (project / ".dvc/config").read_text()


def test_gitlabs_pipeline_is_one_that_gitlab_takes(baked, person):
    project = baked("Azure")
    person.must("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", ".gitlab-ci.yml", cwd=project)
    jobs = yaml.safe_load((project / ".gitlab-ci.yml").read_text())
    for job in ("check", "pipeline", "promotion"):
        script = jobs[job]["script"]
        for line in [script] if isinstance(script, str) else script:
            person.must("bash", "-n", "-c", line)
