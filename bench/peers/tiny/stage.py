"""Run one function of work.py as a DVC stage: python stage.py FUNCTION INPUT... OUTPUT."""

import json
import sys
from pathlib import Path

import work

name, *inputs, output = sys.argv[1:]
result = getattr(work, name)(*(json.loads(Path(path).read_text()) for path in inputs))
Path(output).write_text(json.dumps(result))
