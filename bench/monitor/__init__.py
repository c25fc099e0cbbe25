"""Drift that is known, and who finds it: what `python -m bench.monitor` measures."""
