"""Find the code that each stage reaches: modules by their imports, and the distributions that those modules import."""

import ast
import hashlib
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, distributions
from importlib.metadata import distribution as find_distribution
from importlib.util import find_spec
from pathlib import Path
from pkgutil import get_importer
from typing import Any, NamedTuple

from cairn import config
from cairn.errors import InputError

__all__ = ["closures", "text"]

OURS = {"cairn", "pipeline"}  # followed even where they are installed as distributions
ENTRY = re.compile(r"python3? -m ([\w.]+)|cairn ([\w-]+)")
SAVED = "cairn.models.saved"  # a stage that reaches it runs the code of the model, whoever trained that
STATEMENTS = (ast.stmt, ast.excepthandler, ast.match_case)  # where an import may stand
MODEL_NODES = ("model", "search.candidates")


class Module(NamedTuple):
    """Where a module lies; a package has folders, and a namespace package has no file."""

    file: Path | None
    folders: list[str]


def closures(params: Mapping[str, Any], root: Path = Path()) -> dict[str, list[str]]:
    """List the code of each stage of dvc.yaml, and of the pipelines one folder below it.

    Parameters
    ----------
    params : the content of params.yaml
    root : the project's folder

    Returns
    -------
    dict : stage -> lines, sorted: `MD5 MODULE`, `MD5 PATH` of a file beside a module, and `DISTRIBUTION VERSION`

    Raises
    ------
    InputError : a module that does not parse, two stages of one name, or a wheel in vendor/ that is not installed
    """
    require_installed(root / "vendor")
    code = Code(root)
    lines: dict[str, list[str]] = {}
    for graph in [root / "dvc.yaml", *sorted(root.glob("*/dvc.yaml"))]:
        for name, content in ((config.read_yaml(graph) or {}).get("stages") or {}).items():
            stage = content.get("do", content)
            if not (entry := _entry(stage)):
                continue
            if name in lines:
                raise InputError(f"{graph}: stage {name}: another dvc.yaml has a stage of this name; rename one")
            keys = stage.get("params", [])
            named = [
                *targets(_lookup(params, key) for key in keys),
                *(params.get("trusted", []) if "trusted" in keys else []),
            ]
            lines[name] = code.lines(entry, named, params)
    return lines


def require_installed(vendor: Path) -> None:
    """Refuse a wheel of the library that is not the installed one, such as after a `git pull`: its code would not run.

    Parameters
    ----------
    vendor : the folder of the wheel; without one, the library's source is in the project

    Raises
    ------
    InputError : the files that are installed are not those of the wheel
    """
    for wheel in sorted(vendor.glob("cairn_tabular-*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            record = next(name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
            files = {line for line in archive.read(record).decode().splitlines() if line.startswith("cairn/")}
        installed = find_distribution("cairn-tabular")
        if not files <= set((installed.read_text("RECORD") or "").splitlines()):
            raise InputError(f"{wheel}: the installed library, {installed.version}, is another; run `make environment`")


def text(lines: Iterable[str]) -> str:
    """Lay lines out as the content of a file."""
    return "".join(f"{line}\n" for line in lines)


def targets(node: Any) -> Iterator[str]:
    """Yield every `_target_` in a node, nested ones and those in lists too."""
    if isinstance(node, Mapping):
        if isinstance(node.get("_target_"), str):
            yield node["_target_"]
        node = node.values()
    if isinstance(node, Iterable) and not isinstance(node, str):
        for value in node:
            yield from targets(value)


class Code:
    """The modules and distributions that can be imported here; each is located and read once, and none is imported."""

    def __init__(self, root: Path = Path()) -> None:
        self.root = root
        self._located: dict[str, Module | None] = {}
        self._imports: dict[str, set[str]] = {}
        self._hashes: dict[Path, str] = {}
        self._versions: dict[str, str] = {}
        self._data: dict[str, list[tuple[str, Path]]] = {}

    def lines(self, entry: str, named: Iterable[str], params: Mapping[str, Any]) -> list[str]:
        """List the code that is reached from a module and from the functions that `_target_` names."""
        modules, packages = self.reach([entry, *named])
        if SAVED in modules:  # the engine's own learners are imported by it
            models = targets([_lookup(params, key) for key in MODEL_NODES])
            modules, packages = self.reach([*modules, *named, *(name for name in models if name[:6] != "cairn.")])
        hashed = {name: self._hash(file) for name in modules for name, file in self._files(name)}
        versions = {self._version(name) for name in packages} - {""}
        return [*(f"{hashed[name]} {name}" for name in sorted(hashed)), *sorted(versions)]

    def reach(self, names: Iterable[str]) -> tuple[set[str], set[str]]:
        """Follow imports; return the names of our modules, and the other names that these import."""
        modules: set[str] = set()
        others: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if not self._is_ours(name):
                others.add(name)
                continue
            parts = name.split(".")
            for module in (".".join(parts[: depth + 1]) for depth in range(len(parts))):
                if module not in modules and self.locate(module):
                    modules.add(module)
                    waiting += self.imports(module)
        return modules, others

    def locate(self, name: str) -> Module | None:
        """Find a module without importing it or its package; None where nothing of that name is a module."""
        if name not in self._located:
            self._located[name] = self._locate(name)
        return self._located[name]

    def _locate(self, name: str) -> Module | None:
        package = name.rpartition(".")[0]
        if not package:
            spec = find_spec(name)
            return _module([spec] if spec else [])
        above = self.locate(package)
        finders = [get_importer(folder) for folder in above.folders] if above else []
        return _module([spec for finder in finders if finder and (spec := finder.find_spec(name))])

    def imports(self, name: str) -> set[str]:
        """Return what a module imports, at its top and inside functions, but not for type checkers alone."""
        if name not in self._imports:
            module = self.locate(name)
            self._imports[name] = set(_imported(module, name)) if module else set()
        return self._imports[name]

    def _is_ours(self, name: str) -> bool:
        """Return whether a module's source is followed: ours, and what no distribution installed, such as src/."""
        top = name.partition(".")[0]
        if top in OURS:
            return True
        return top not in sys.stdlib_module_names and top not in self._owners and self.locate(top) is not None

    def _files(self, name: str) -> Iterator[tuple[str, Path]]:
        """Yield a module's file and, of the package it lies in, the files that are no modules, such as templates."""
        module = self.locate(name)
        if module is None:
            return
        if module.file:
            yield name, module.file
        if module.folders or module.file:
            package = name if module.folders else name.rpartition(".")[0]
            yield from self._data_files(package, module.folders or [str(Path(module.file or "").parent)])

    def _data_files(self, package: str, folders: list[str]) -> list[tuple[str, Path]]:
        if package not in self._data:
            base = f"{package.replace('.', '/')}/".lstrip("/")
            files = [(Path(folder), path) for folder in folders for path in _beside(Path(folder))]
            self._data[package] = [(base + path.relative_to(folder).as_posix(), path) for folder, path in files]
        return self._data[package]

    def _hash(self, file: Path) -> str:
        if file not in self._hashes:
            self._hashes[file] = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
        return self._hashes[file]

    @cached_property
    def _owners(self) -> dict[str, list[tuple[Distribution, str]]]:
        """Map top-level modules to the distributions whose RECORD lists them, and to that list."""
        owners: dict[str, list[tuple[Distribution, str]]] = {}
        for distribution in distributions():
            record = distribution.read_text("RECORD") or ""
            for top in set(re.findall(r"^(\w+)(?=/|\.py,|\.[\w-]+\.so,|\.[\w-]+\.pyd,)", record, re.M)):
                owners.setdefault(top, []).append((distribution, record))
        return owners

    @cached_property
    def _locked(self) -> dict[str, str]:
        """Map distributions to the versions that the lock files name."""
        files = (path.read_text(encoding="utf-8") for path in sorted(self.root.glob("requirements*.lock")))
        return dict(entry for text in files for entry in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.M))

    def _version(self, name: str) -> str:
        """Spell the distribution of a module with its version; empty for the standard library and what is nowhere.

        An extra that is not installed has the version of its lock file, so the lines are equal with it and without.
        """
        if name not in self._versions:
            self._versions[name] = self._find_version(name.split("."))
        return self._versions[name]

    def _find_version(self, parts: list[str]) -> str:
        if parts[0] in sys.stdlib_module_names:
            return ""
        owners = self._owners.get(parts[0], [])
        for depth in range(2, len(parts) + 1):  # several distributions may share a package, such as google
            if len(owners) > 1:
                path = re.escape("/".join(parts[:depth]))
                owners = [each for each in owners if re.search(rf"^{path}[/.]", each[1], re.M)] or owners
        if owners:  # the first on the path hides others
            return f"{_normal(owners[0][0].name)} {owners[0][0].version}"
        wanted = _normal(parts[0])
        return f"{wanted} {self._locked[wanted]}" if wanted in self._locked else ""


def _module(specs: list[ModuleSpec]) -> Module | None:
    """Return what was found: the first with a file, or all folders of a namespace package."""
    for spec in specs:
        if spec.origin:
            return Module(Path(spec.origin), list(spec.submodule_search_locations or []))
    folders = [folder for spec in specs for folder in spec.submodule_search_locations or []]
    return Module(None, folders) if folders else None


def _entry(stage: Mapping[str, Any]) -> str | None:
    """Return the module that a stage's command runs; None for a command that is not ours."""
    cmd = stage.get("cmd", "")
    found = ENTRY.match(cmd if isinstance(cmd, str) else " ".join(cmd))
    return None if found is None else found[1] or f"cairn.cli.{found[2].replace('-', '_')}"


def _imported(module: Module, name: str) -> Iterator[str]:
    if module.file is None or module.file.suffix != ".py":
        return
    try:
        waiting: list[ast.AST] = [ast.parse(module.file.read_bytes())]
    except SyntaxError as error:
        raise InputError(f"{module.file}: line {error.lineno}: {error.msg}") from error
    package = name.split(".") if module.folders else name.split(".")[:-1]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            waiting += node.orelse
            continue
        waiting += (child for child in ast.iter_child_nodes(node) if isinstance(child, STATEMENTS))
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def _beside(folder: Path) -> Iterator[Path]:
    """Yield the files of a package that are no modules; a folder inside that is no package belongs to it."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__pycache__")):
            continue
        if path.is_dir():
            if not any(path.glob("*.py")):
                yield from _beside(path)
        elif path.suffix not in {".py", ".pyc", ".so", ".pyd"}:
            yield path


def _lookup(params: Mapping[str, Any], key: Any) -> Any:
    value: Any = params
    for part in str(key).split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
