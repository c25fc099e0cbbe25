"""The stages and conf/ use what docs/library.md lists, and the modules say the same of themselves."""

import ast
import importlib
import importlib.util
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(cairn[.\w]+)` \| (`.*`) \|", re.MULTILINE)
LISTED = {
    module: re.findall(r"`(\w+)`", names) for module, names in ROW.findall((ROOT / "docs/library.md").read_text())
}


def imported(path: Path) -> set[str]:
    """The names of the library that a script uses, as `module.name`."""
    tree, modules, names = ast.parse(path.read_text()), {}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "cairn":
            for each in node.names:
                whole = f"{node.module}.{each.name}"
                if importlib.util.find_spec(node.module).submodule_search_locations and importlib.util.find_spec(whole):
                    modules[each.asname or each.name] = whole
                else:
                    names.add(whole)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            names.add(f"{modules[node.value.id]}.{node.attr}")
    return {name for name in names if not name.startswith("cairn.layout.") and not name.endswith("__file__")}


def configured() -> set[str]:
    text = "\n".join(path.read_text() for path in (ROOT / "conf").rglob("*.yaml"))
    return set(re.findall(r"_target_: (cairn[.\w]+)", text))


def test_stages_and_conf_use_only_what_is_listed():
    known = {f"{module}.{name}" for module, names in LISTED.items() for name in names}
    used = configured().union(
        *map(imported, (ROOT / "src/pipeline").rglob("*.py")), *map(imported, (ROOT / "tests").glob("*.py"))
    )
    assert used - known == set()


def test_each_module_lists_the_same_names():
    for module, names in LISTED.items():
        assert set(importlib.import_module(module).__all__) == set(names), module


def test_every_target_of_params_yaml_is_listed_or_the_projects_own():
    def targets(content):
        if isinstance(content, dict):
            yield from [content["_target_"]] if "_target_" in content else []
            content = list(content.values())
        for inner in content if isinstance(content, list) else []:
            yield from targets(inner)

    known = {f"{module}.{name}" for module, names in LISTED.items() for name in names}
    found = set(targets(yaml.safe_load((ROOT / "params.yaml").read_text())))
    assert {each for each in found if each.startswith("cairn.")} - known == set()
