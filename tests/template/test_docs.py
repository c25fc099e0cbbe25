"""The documents are true: their commands are well-formed, their examples compose, their figures and links hold."""

import importlib.util
import json
import re
import shlex
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from cairn import config
from cairn.cli import main
from cairn.cli.summary import summary
from cairn.evaluation import gates
from cairn.features.sql import resolve_sql
from cairn.models import estimators
from cairn.validation.expectations import suites

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *(ROOT / place / "CHANGELOG.md" for place in (".", "engine")),
    *sorted((ROOT / "docs").glob("*.md")),
]
TEXT = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
HOW_TO = "\n".join(text for name, text in TEXT.items() if name.startswith("docs/"))
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"```.*?```", re.DOTALL)


def blocks(language: str) -> list[tuple[str, str]]:
    return [(page, body) for page, text in TEXT.items() for kind, body in BLOCK.findall(text) if kind == language]


def commands(*names: str) -> list[list[str]]:
    """Every command of the documents that begins with one of these names, as words; comments are left out."""
    lines = [line for _, body in blocks("bash") for line in body.replace("\\\n", " ").splitlines()]
    inline = [text for page in TEXT.values() for text in re.findall(r"`((?:make|cairn|dvc|gto) [^`]+)`", page)]
    split = [part for line in [*lines, *inline] for part in line.split(" && ")]
    words = [shlex.split(part, comments=True) for part in split]
    return [each for each in words if each and each[0] in names]


def overrides(words: list[str]) -> list[str]:
    """What a `dvc exp run` sets by -S, or a stage run by hand takes."""
    if words[0] == "python":
        return words[3:]
    return [value for flag, value in pairwise(words) if flag == "-S"]


def examples(language: str) -> dict[str, str]:
    """The files of conf/ that the pages show, by the path in their first line."""
    shown = {}
    for _, body in blocks(language):
        if named := re.match(r"(?:#|--) (conf/\S+)\n", body):
            shown[named[1]] = body
    return shown


@pytest.fixture
def conf_with_examples(tmp_path, monkeypatch):
    """A folder with conf/ and the files that the pages show, as the working directory."""
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    for path, body in (examples("yaml") | examples("sql")).items():
        (tmp_path / path).write_text(body)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def composes(given: list[str]) -> dict[str, Any]:
    params, choices = config.compose(given)
    config.check(params, choices)
    gates.check(params["gates"]["gates"], params["data"]["task"])
    estimators.check(params["model"])
    return params


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def complaints(check: Callable[[Any], None], cases: Iterable[Any]) -> list[str]:
    """Check all cases; return those that fail, each with what is wrong."""
    found = []
    for case in cases:
        try:
            check(case)
        except (Exception, SystemExit) as error:  # a parser ends the process
            found.append(f"{case}: {type(error).__name__}: {error}")
    return found


def test_every_make_target_exists():
    makefiles = "\n".join((ROOT / name).read_text() for name in ("Makefile", "template.mk"))
    targets = set(re.findall(r"^([a-z-]+):", makefiles, re.MULTILINE))
    assert {word for words in commands("make") for word in words[1:] if "=" not in word} <= targets


def test_every_cairn_command_is_taken_by_its_parser():
    parser = main._parser()
    known = next(action.choices for action in parser._actions if isinstance(action.choices, dict))

    def parse(words: list[str]) -> None:
        if len(words) == 2:  # the name of a command, such as `cairn predict`, or `cairn --version`
            assert words[1] in known or words[1] in parser._option_string_actions
            return
        options = parser.parse_args(words[1:])
        assert getattr(options, "stage", None) in {None, "STAGE", *STAGES, "staging", "prod"}

    assert complaints(parse, commands("cairn")) == []


def test_every_dvc_command_is_taken_by_its_parser():
    from dvc.cli.parser import get_main_parser

    parser = get_main_parser()

    def parse(words: list[str]) -> None:
        if len(words) == 2:  # such as `dvc repro`, or the name of a group of commands, such as `dvc exp`
            words = [*words, "--help"]
        with pytest.raises(SystemExit, match="0") if words[-1] == "--help" else nullcontext():
            parser.parse_args(words[1:])

    assert complaints(parse, commands("dvc")) == []


def test_every_gto_command_exists():
    from gto.cli import app

    assert {words[1] for words in commands("gto")} <= app.commands.keys()


def test_every_stage_that_dvc_is_asked_for_exists():
    asked = {word for words in commands("dvc") if words[1] == "repro" for word in words[2:] if not word.startswith("-")}
    assert asked <= {*STAGES, "STAGE", "batch/dvc.yaml", "monitor/dvc.yaml"}


def test_every_override_composes(conf_with_examples):
    from dvc.utils.hydra import get_hydra_sweeps

    def sweep(given: tuple[str, ...]) -> None:
        sweeps = get_hydra_sweeps({"params.yaml": list(given)})
        assert len(sweeps) >= 1
        for each in sweeps:
            composes(each["params.yaml"])

    given = {tuple(overrides(words)) for words in commands("dvc", "python")}
    assert complaints(sweep, sorted(given - {()})) == []


def test_every_module_that_is_run_exists():
    asked = {words[2] for words in commands("python") if words[1] == "-m"}
    assert {name for name in asked if importlib.util.find_spec(name) is None} == set()


def test_every_example_of_a_file_of_conf_composes(conf_with_examples):
    def composed(path: str) -> None:
        group, file = Path(path).parent.name, Path(path).stem
        params = composes([f"{group}={file}"])
        suites(params["expectations"]["tables"])
        resolve_sql(params["features"], config.CONF / "features")

    assert examples("yaml")
    assert complaints(composed, examples("yaml")) == []


def test_every_example_of_a_query_is_sql():
    assert examples("sql")
    assert {path for path, text in examples("sql").items() if len(duckdb.extract_statements(text)) != 1} == set()


def test_every_stage_is_described_with_what_it_writes():
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)$", TEXT["docs/stages.md"], re.MULTILINE))
    for stage, node in STAGES.items():
        outs = [
            next(iter(each)) if isinstance(each, dict) else each
            for each in [*node.get("outs", []), *node.get("metrics", [])]
        ]
        assert {out for out in outs if f"`{out}`" not in rows[stage]} == set(), stage
        parameters = {each.split(".")[0] for each in node.get("params", [])} - {"data"}
        assert {each for each in parameters if f"`{each}`" not in rows[stage]} == set(), stage


def test_every_command_of_cairn_is_documented():
    known = next(action.choices for action in main._parser()._actions if isinstance(action.choices, dict))
    assert {each for each in known if f"cairn {each}" not in HOW_TO} == set()


def test_every_key_of_params_yaml_is_documented():
    keys = yaml.safe_load((ROOT / "params.yaml").read_text())
    assert {key for key in keys if f"`{key}`" not in TEXT["docs/configuration.md"]} == set()


def test_every_file_of_conf_is_documented():
    files = [path.relative_to(ROOT / "conf") for path in (ROOT / "conf").glob("*/*.yaml")]
    assert {f"{path.parent}={path.stem}" for path in files} <= set(re.findall(r"`(\w+=\w+)`", HOW_TO))


def test_every_key_of_a_table_of_ones_own_is_documented():
    keys = yaml.safe_load((ROOT / "conf" / "data" / "file.yaml").read_text()).keys() - {"_target_"}
    assert {key for key in keys if f"| `{key}` |" not in TEXT["docs/your-own-data.md"]} == set()


def test_every_dependency_has_its_reason():
    listed = []
    for path in (ROOT / "pyproject.toml", ROOT / "engine" / "pyproject.toml"):
        project = tomllib.loads(path.read_text())
        listed += project["project"]["dependencies"]
        listed += chain.from_iterable(project["project"]["optional-dependencies"].values())
        listed += chain.from_iterable(project.get("dependency-groups", {}).values())
    names = {re.match(r"[\w-]+", each)[0] for each in listed} - {"cairn-tabular"}
    reasons = TEXT["docs/decisions.md"].split("## Dependencies")[1].split("\n## ")[0]
    assert set(re.findall(r"`([\w-]+)`(?=[^|\n]*\|[^|\n]+\|$)", reasons, re.MULTILINE)) == names - {"cairn-tabular"}


def test_every_link_between_files_leads_somewhere():
    def lead(link: tuple[str, str]) -> None:
        page, target = link
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists()
        assert not anchor or anchor in anchors(file.read_text(encoding="utf-8"))

    links = {(page, target) for page, text in TEXT.items() for target in LINK.findall(FENCED.sub("", text))}
    assert complaints(lead, sorted(link for link in links if not re.match(r"[a-z]+:", link[1]))) == []


def test_readme_leads_to_every_page():
    linked = set(LINK.findall(TEXT["README.md"]))
    assert {page for page in TEXT if page.startswith("docs/") and page not in linked} == set()


def test_readme_shows_the_figures_of_the_reports(monkeypatch):
    monkeypatch.chdir(ROOT)
    (shown,) = re.findall(r"\$ cairn summary\n(.*?)```", TEXT["README.md"], re.DOTALL)
    assert shown == refresh().figures(summary()), "stale; `python docs/refresh.py` pastes what the reports hold"
    figure = json.loads(Path("reports/metrics.json").read_text())["test"]["roc_auc"]
    assert re.search(rf"^roc_auc +{figure:.4g} ", shown, re.MULTILINE)


def test_readme_counts_what_is_owned_and_what_is_called():
    readme = refresh()
    (shown,) = readme.OWNERSHIP.findall(TEXT["README.md"])
    assert shown == readme.ownership(), "stale; `python docs/refresh.py` counts"


def test_the_picture_shows_the_graph_of_dvc_yaml():
    drawn = refresh().graph(yaml.safe_load((ROOT / "dvc.yaml").read_text()))
    assert (ROOT / "docs" / "graph.svg").read_text() == drawn, "stale; `python docs/refresh.py` draws it"


def refresh():
    spec = importlib.util.spec_from_file_location("docs_refresh", ROOT / "docs" / "refresh.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault("docs_refresh", module)
    spec.loader.exec_module(module)
    return module
