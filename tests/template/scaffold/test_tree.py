"""What a project consists of: tree.txt is the list, so that a new file of the template is a decision in it."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from tests.template.scaffold.conftest import ROOT

LISTED = [line.split() for line in (Path(__file__).parent / "tree.txt").read_text().splitlines() if line[:1] != "#"]
OWN = {"data": "file", "data_path": "https://example.org/my.csv", "target": "income"}
# answers, and the parts of tree.txt that they ask for
PROJECTS = {
    "the defaults": ({}, {"example", "ci", "github", "monitoring"}),
    "everything": (
        {"boosters": "y", "dashboard": "y"},
        {"example", "ci", "github", "monitoring", "boosters", "dashboard"},
    ),
    "a table of one's own": (OWN | {"ci": "none", "license": "Proprietary", "monitoring": "n"}, set()),
    "the example without monitoring": ({"monitoring": "n"}, {"example", "ci", "github"}),
    "GitLab and Google": ({"ci": "gitlab", "remote": "gcs"}, {"example", "ci", "gitlab", "gcs", "monitoring"}),
    "Azure": (
        OWN | {"ci": "gitlab", "remote": "azure", "boosters": "y"},
        {"ci", "gitlab", "azure", "boosters", "monitoring"},
    ),
}
# words that a declined part must not leave behind
WORDS = {
    "example": r"hat[_ ]?shop|breast_cancer|bank_marketing|telco|california_housing|embedded",
    "boosters": r"light_?gbm|cat_?boost|boosters",
    "dashboard": r"(?:optuna-|make )dashboard|dashboard:",
    "monitoring": r"cairn (?:monitor|retrain)\b|grafana|node_exporter|operations/|baseline\.json",
    "github": r"\.github/|actionlint|zizmor",
    "gcs": r"dvc-gs|EXTRAS=gs",
    "azure": r"azure",
}
SAYS_SO = {".cruft.json", "LICENSE", "requirements.lock"}  # the answers themselves, and others' words


@pytest.fixture(params=PROJECTS)
def made(request, person):
    answers, parts = PROJECTS[request.param]
    return person.bake(project_name="Sales", project_slug="sales", **answers), parts


def test_a_project_holds_what_is_listed_and_nothing_of_what_was_declined(made, tracked):
    project, parts = made
    expected = {path for path, *needed in LISTED if set(needed) <= parts}
    assert tracked(project) - {".cruft.json"} == expected
    for part in WORDS.keys() - parts:
        for name in tracked(project) - SAYS_SO:
            left = re.findall(WORDS[part], (project / name).read_text(encoding="utf-8"), re.IGNORECASE)
            assert not left, f"{name}: {left[0]}, of the part {part} that was declined"


def test_no_mark_no_brace_and_no_dead_link_is_left(made, tracked):
    project, _ = made
    for name in tracked(project) - {".cruft.json"}:
        text = (project / name).read_text(encoding="utf-8")
        assert "scaffold:" not in text, name
        assert not re.search(r"(?<!\$)\{\{ ?cookiecutter", text), name
        if name.endswith(".md"):
            for link in re.findall(r"\]\(([^)\s#]+)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
                assert "://" in link or (project / name).parent.joinpath(link).exists(), f"{name}: {link}"
    stages = yaml.safe_load((project / "dvc.yaml").read_text())["stages"]
    code = {dep for stage in stages.values() for dep in stage["deps"] if dep.startswith("src/")}
    assert {dep for dep in code if not (project / dep).exists()} == set()
    linked = set(re.findall(r"\]\((docs/[^)#]+)", (project / "README.md").read_text()))
    assert {f"docs/{path.name}" for path in (project / "docs").glob("*.md")} == linked


def test_what_is_left_is_clean_code(made, person):
    project, _ = made
    person.must("ruff", "check", "--no-cache", ".", cwd=project)
    person.must("ruff", "format", "--no-cache", "--check", ".", cwd=project)


def test_whatever_is_imported_is_there(made, tracked):
    project, _ = made
    for name in (each for each in tracked(project) if each.endswith(".py")):
        for each in ast.walk(ast.parse((project / name).read_text(encoding="utf-8"))):
            if isinstance(each, ast.ImportFrom) and (each.module or "").startswith(("pipeline.", "tests.")):
                there = project / ("src" if each.module.startswith("pipeline.") else "") / each.module.replace(".", "/")
                assert there.is_dir() or there.with_suffix(".py").exists(), f"{name}: {each.module}"


def test_no_test_has_lost_a_fixture(made):
    project, _ = made
    for conftest in ROOT.glob("tests/**/conftest.py"):
        below = project / conftest.parent.relative_to(ROOT)
        lost = fixtures(conftest) - fixtures(below / "conftest.py")
        for file in lost and below.rglob("*.py"):
            assert not lost & arguments(file) - fixtures(file), file


def fixtures(file: Path) -> set[str]:
    """Name the fixtures of a file; none if there is no such file."""
    return {
        each.name for each in functions(file) if any("fixture" in ast.unparse(mark) for mark in each.decorator_list)
    }


def arguments(file: Path) -> set[str]:
    """Name all arguments of a file's functions."""
    return {argument.arg for each in functions(file) for argument in each.args.args}


def functions(file: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.exists() else ast.Module([], [])
    return [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]


def test_dvcs_settings_are_those_of_the_template(made):
    project, _ = made
    for line in (ROOT / ".dvc" / "config").read_text().splitlines():
        assert line in (project / ".dvc" / "config").read_text().splitlines()


@pytest.mark.parametrize(
    ("answers", "settings"),
    [
        ({"remote": "none"}, {}),
        ({"remote": "local"}, {"url": "{home}/hat-shop-store", "verify": "true"}),
        ({"remote": "local", "remote_url": "/mnt/team"}, {"url": "/mnt/team"}),
        ({"remote": "s3", "remote_url": "s3://b/f"}, {"url": "s3://b/f", "endpointurl": None, "verify": "true"}),
        ({"remote": "s3", "remote_endpoint": "http://127.0.0.1:9000"}, {"endpointurl": "http://127.0.0.1:9000"}),
        ({"remote": "gcs"}, {"url": "gs://my-bucket/hat-shop"}),
        ({"remote": "azure"}, {"url": "azure://my-container/hat-shop"}),
    ],
)
def test_dvc_knows_the_remote(person, answers, settings):
    from dvc.config import Config

    project = person.bake(**answers)
    config = Config(str(project / ".dvc"), validate=False)
    assert ("remote" in config["core"]) == bool(settings)
    for key, value in settings.items():
        said = config["remote"]["storage"].get(key)
        assert (str(said) if said is not None else None) == (value and value.format(home=person.home))


LICENCES = {"MIT": "MIT License", "Apache-2.0": "Apache License", "BSD-3-Clause": "BSD 3-Clause License"}


@pytest.mark.parametrize("name", [*LICENCES, "Proprietary"])
def test_the_licence_is_the_one_that_was_chosen(person, name):
    import tomllib

    project = person.bake(license=name, author="Zoë & Co")
    text = (project / "LICENSE").read_text()
    assert text.lstrip().startswith(LICENCES.get(name, "Copyright (c) Zoë & Co"))
    assert "Copyright" in text and "Zoë & Co" in text and "Cairn" not in text
    spelt = tomllib.loads((project / "pyproject.toml").read_text())["project"]["license"]
    assert spelt == (name if name in LICENCES else "LicenseRef-Proprietary")


def test_the_words_of_the_user_stand_where_the_templates_stood(person):
    import tomllib

    name, what = 'O\'Brien "Ché": #1', 'It\'s 50 % \\ # "ok" <b>'
    project = person.bake(project_name=name, project_slug="obrien", description=what, author="Ché")
    told = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert (told["name"], told["description"]) == ("obrien", what)
    readme = (project / "README.md").read_text()
    assert readme.startswith(f"# {name}\n\n{what}\n")
    assert "Cairn" not in readme


def test_gitlabs_pipeline_is_one_that_gitlab_takes(person):
    project = person.bake(ci="gitlab")
    person.must("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", ".gitlab-ci.yml", cwd=project)
    jobs = yaml.safe_load((project / ".gitlab-ci.yml").read_text())
    for job in ("check", "pipeline", "promotion"):
        for line in jobs[job]["script"]:
            person.must("bash", "-n", "-c", line)
