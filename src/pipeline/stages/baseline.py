"""Write down what the model was made from and what it says, for monitoring to hold against what comes later."""

import pandas as pd

from cairn import config, layout
from cairn.files import read_json, write_json
from cairn.models import saved
from cairn.monitoring.baseline import baseline
from cairn.monitoring.outcome_baseline import expected
from cairn.rows import signature


def main() -> None:
    params = config.load()
    model, time = saved.load(layout.TRAINED, trusted=params["trusted"]), params["data"]["time"]
    parts = [layout.TRAIN, layout.VALID, layout.TEST]
    found = baseline(model, parts, layout.TEST, time=time)
    tables = [signature.read(path) for path in parts]
    found["expected"] = expected(
        model,
        tables[-1],
        seen=pd.concat(tables, ignore_index=True) if time else None,
        time=time,
        sensitive=params["data"]["sensitive"],
        values=params["decision"]["values"],
        evaluation=read_json(layout.EVALUATION),
        slices=read_json(layout.SLICES),
        explanations=read_json(layout.EXPLANATIONS),
        seed=params["seed"],
    )
    write_json(found, layout.BASELINE)


if __name__ == "__main__":
    config.run(main)
