"""Refuse answers that make no project, before anything is written. Cookiecutter renders this file, and then runs it."""

import sys
from collections import OrderedDict  # noqa: F401  (the answers are spelt with it)

sys.dont_write_bytecode = True
# A hook is rendered in the template's folder and run in the new one. That the template's path is asked of `os` has its
# reason: `_repo_dir` may be relative, and cruft gives none.
sys.path.insert(
    0, {{cycler.__init__.__globals__.os.path.join(cycler.__init__.__globals__.os.getcwd(), "hooks") | tojson}}
)
# Where a hook ends with 1, cookiecutter logs a traceback of its own below the hook's words; they say enough.
# {{ cycler.__init__.__globals__.os.sys.modules.logging.getLogger("cookiecutter.hooks").setLevel(99) }}

import answers  # noqa: E402

if problems := answers.problems(dict({{cookiecutter.items() | list}})):
    sys.exit("\n".join(f"error: {problem}" for problem in problems))
