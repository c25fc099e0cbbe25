"""The code of a stage: its modules by their imports, the files beside them, and the versions of what they import."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cairn import code
from cairn.errors import InputError

PACKAGE = {
    "shop/__init__.py": "",
    "shop/stages/__init__.py": "",
    "shop/stages/train.py": """
        from typing import TYPE_CHECKING
        from shop import config
        from ..models.forest import Forest
        if TYPE_CHECKING:
            from shop import only_types
        else:
            from shop import at_run_time
        def main():
            import shop.late
            try:
                import optional_that_is_not_installed
            except ImportError:
                from shop.rooms import fallback
    """,
    "shop/config.py": "import json, numpy.linalg",
    "shop/only_types.py": "",
    "shop/at_run_time.py": "",
    "shop/late.py": "import yaml",
    "shop/models/__init__.py": "from shop.models import base",
    "shop/models/base.py": "",
    "shop/models/forest.py": "class Forest: pass",
    "shop/rooms/fallback.py": "from sklearn import ensemble",  # a folder without __init__.py
    "shop/page/__init__.py": "",
    "shop/page/render.py": "",
    "shop/page/templates/page.html": "<p>",
    "shop/page/templates/.page.html.swp": "",
    "shop/unused.py": "",
}


def make(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line.removeprefix("        ") for line in text.splitlines()), encoding="utf-8")


@pytest.fixture
def package(tmp_path, monkeypatch):
    make(tmp_path / "src", PACKAGE)
    monkeypatch.syspath_prepend(tmp_path / "src")
    return tmp_path


def names(lines):
    return {line.partition(" ")[2] for line in lines if len(line.partition(" ")[0]) == 32}


def packages(lines):
    return {line.partition(" ")[0]: line.partition(" ")[2] for line in lines if len(line.partition(" ")[0]) != 32}


def test_closure_follows_imports_at_the_top_inside_functions_and_relative_ones_but_not_those_for_types(package):
    lines = code.Code(package).lines("shop.stages.train", [], {})
    assert names(lines) == {
        "shop", "shop.stages", "shop.stages.train", "shop.config", "shop.at_run_time", "shop.late", "shop.models",
        "shop.models.base", "shop.models.forest", "shop.rooms.fallback",
    }  # fmt: skip
    assert "shop" not in sys.modules, "nothing is imported to be found"


def test_packages_have_their_installed_versions_and_the_standard_library_is_left_out(package):
    import numpy
    import sklearn
    import yaml

    found = packages(code.Code(package).lines("shop.stages.train", [], {}))
    assert found == {"numpy": numpy.__version__, "pyyaml": yaml.__version__, "scikit-learn": sklearn.__version__}


def test_extra_that_is_not_installed_has_the_version_of_its_lock_file(package):
    (package / "requirements-more.lock").write_text("optional-that-is-not-installed==4.7.0 \\\n    --hash=sha256:00\n")
    assert packages(code.Code(package).lines("shop.stages.train", [], {}))["optional-that-is-not-installed"] == "4.7.0"


def test_files_beside_a_module_count_and_hidden_ones_do_not(package):
    assert names(code.Code(package).lines("shop.page.render", [], {})) == {
        "shop", "shop.page", "shop.page.render", "shop/page/templates/page.html"
    }  # fmt: skip


def test_lines_name_no_folder_of_this_machine_and_change_with_the_content_alone(package, tmp_path_factory, monkeypatch):
    before = code.Code(package).lines("shop.stages.train", [], {})
    assert not any(str(package) in line for line in before)
    other = tmp_path_factory.mktemp("elsewhere")
    make(other / "src", PACKAGE)
    monkeypatch.syspath_prepend(other / "src")
    assert code.Code(other).lines("shop.stages.train", [], {}) == before
    (other / "src/shop/late.py").write_text("import yaml  # a comment\n")
    after = code.Code(other).lines("shop.stages.train", [], {})
    assert names(set(after) - set(before)) == {"shop.late"}


GRAPH = """
stages:
  code:
    cmd: python -m shop.stages.code
  train:
    cmd: python -m shop.stages.train
    params: [split, search.nested, absent]
  page:
    cmd: python -m shop.page.render
    params: [seed]
  copied:
    cmd: cp a b
"""
PARAMS = {
    "seed": 1,
    "split": {"_target_": "shop.unused.split", "share": 0.5},
    "search": {"nested": {"deep": [{"_target_": "shop.page.render.draw"}]}},
    "model": {"_target_": "sklearn.neighbors.KNeighborsClassifier"},
}


def test_targets_are_followed_wherever_they_stand_in_the_nodes_that_a_stage_lists(package):
    (package / "dvc.yaml").write_text(GRAPH)
    found = code.closures(PARAMS, package)
    assert found.keys() == {"code", "train", "page"}, "a command that runs no module of ours has no code of ours"
    assert {"shop.unused", "shop.page.render", "shop/page/templates/page.html"} <= names(found["train"])
    assert "shop.unused" not in names(found["page"])


def test_pipelines_one_folder_below_are_covered_and_two_stages_of_one_name_are_refused(package):
    (package / "dvc.yaml").write_text(GRAPH)
    (package / "batch").mkdir()
    graph = "stages:\n  {}:\n    foreach: ${{tables}}\n    do:\n      cmd: cairn predict ${{item}}\n"
    (package / "batch/dvc.yaml").write_text(graph.format("predict"))
    assert {"cairn.cli.predict", "cairn.models.saved"} <= names(code.closures(PARAMS, package)["predict"])
    (package / "batch/dvc.yaml").write_text(graph.format("train"))
    with pytest.raises(InputError, match=r"batch/dvc.yaml: stage train: another dvc.yaml has a stage of this name"):
        code.closures(PARAMS, package)


def test_stage_that_loads_the_model_runs_the_code_of_a_model_of_ones_own(package):
    own = {
        **PARAMS,
        "model": {"_target_": "shop.models.forest.Forest"},
        "search": {"candidates": {"a": {"_target_": "shop.unused.A"}}},
    }
    assert {"shop.models.forest", "shop.unused"} <= names(code.Code(package).lines("pipeline.stages.evaluate", [], own))
    assert "shop.models.forest" not in names(code.Code(package).lines("pipeline.stages.split", [], own))


def test_module_that_does_not_parse_is_one_line_with_its_place(package):
    (package / "src/shop/late.py").write_text("def f(:\n")
    with pytest.raises(InputError, match=r"shop/late.py: line 1: invalid syntax"):
        code.Code(package).lines("shop.stages.train", [], {})


def test_wheel_of_the_engine_is_followed_as_its_source_is(tmp_path):
    """A distribution that owns the package `cairn` does not hide its modules, nor does a copy of the source in src/."""
    make(tmp_path / "site", {
        "cairn/__init__.py": "", "cairn/layout.py": "from cairn import files", "cairn/files.py": "import tiny",
        "cairn_tabular-9.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: cairn-tabular\nVersion: 9.0\n",
        "cairn_tabular-9.0.dist-info/RECORD": "cairn/__init__.py,,\ncairn/layout.py,,\ncairn/files.py,,\n",
        "tiny.py": "",
        "tiny-1.5.dist-info/METADATA": "Metadata-Version: 2.1\nName: Tiny\nVersion: 1.5\n",
        "tiny-1.5.dist-info/RECORD": "tiny.py,,\n",
    })  # fmt: skip
    engine = str(Path(code.__file__).parents[1])
    program = f"""
import sys
import zipfile
sys.path.insert(0, {engine!r})
from cairn import code
for name in [name for name in sys.modules if name.partition(".")[0] == "cairn"]:
    del sys.modules[name]
sys.path[:] = [{str(tmp_path / "site")!r}, *(path for path in sys.path if path != {engine!r})]
print(*code.Code().lines("cairn.layout", [], {{}}), sep="\\n")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert names(lines) == {"cairn", "cairn.layout", "cairn.files"}
    assert packages(lines) == {"tiny": "1.5"}


def test_wheel_that_is_not_installed_is_refused(tmp_path):
    (tmp_path / "vendor").mkdir()
    with zipfile.ZipFile(tmp_path / "vendor/cairn_tabular-9.9.9-py3-none-any.whl", "w") as wheel:
        wheel.writestr("cairn_tabular-9.9.9.dist-info/RECORD", "cairn/errors.py,sha256=AAAA,12\n")
    with pytest.raises(
        InputError, match=r"cairn_tabular-9\.9\.9.*the installed library, .*, is another; run `make environ"
    ):
        code.closures({}, tmp_path)
