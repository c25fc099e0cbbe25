"""Explain every row of a table as the stage `explain` does: python explain_all.py MODEL TABLE OUTPUT."""

import sys
from pathlib import Path

from pyarrow.parquet import write_table

from cairn.evaluation.scores import group_labels
from cairn.explain.explanations import explain
from cairn.models import saved
from cairn.rows import signature


def main() -> None:
    source, path, output = map(Path, sys.argv[1:])
    model, table = saved.load(source), signature.read(path)
    features = [column.name for column in model.signature.columns]
    groups = group_labels(table, sensitive=["kind0"], features=features, levels=10)
    _, contributions = explain(model, table, groups, id="id", seed=0, rows=len(table))
    write_table(contributions, output)


if __name__ == "__main__":
    main()
