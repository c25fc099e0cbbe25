"""Fill the new project with the template's own files. Cookiecutter renders this file, and then runs it."""

import sys
from collections import OrderedDict  # noqa: F401  (the answers are spelt with it)
from pathlib import Path

sys.dont_write_bytecode = True
TEMPLATE = Path({{cycler.__init__.__globals__.os.getcwd() | tojson}})  # see pre_gen_project.py
sys.path.insert(0, str(TEMPLATE / "hooks"))

import project  # noqa: E402

project.make(TEMPLATE, dict({{cookiecutter.items() | list}}))
