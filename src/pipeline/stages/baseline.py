"""Build the model's baseline, which monitoring compares recorded predictions with."""

from dataclasses import replace

import pandas as pd

from cairn import config, layout
from cairn.documents import read_document, to_json
from cairn.evaluation.documents import Evaluation, Slices
from cairn.explain.documents import read_explanations
from cairn.files import write_json
from cairn.models import saved
from cairn.monitoring.baseline import build_baseline
from cairn.monitoring.outcome_baseline import measure_outcomes
from cairn.rows import signature


def main() -> None:
    params = config.load()
    model, time = saved.load(layout.TRAINED, trusted=params["trusted"]), params["data"]["time"]
    parts = [layout.TRAIN, layout.VALID, layout.TEST]
    baseline = build_baseline(model, parts, layout.TEST, time=time)
    tables = [signature.read(path) for path in parts]
    outcomes = measure_outcomes(
        model,
        tables[-1],
        all_rows=pd.concat(tables, ignore_index=True) if time else None,
        time=time,
        sensitive=params["data"]["sensitive"],
        values=params["decision"]["values"],
        evaluation=read_document(Evaluation, layout.EVALUATION),
        slices=read_document(Slices, layout.SLICES),
        explanations=read_explanations(layout.EXPLANATIONS),
        seed=params["seed"],
    )
    write_json(to_json(replace(baseline, expected=outcomes)), layout.BASELINE)


if __name__ == "__main__":
    config.run(main)
