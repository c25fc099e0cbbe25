"""Write down what the model was made from and what it says, for monitoring to hold against what comes later."""

from pipeline import config
from pipeline.files import read_json, write_json
from pipeline.modeling import saved, signature
from pipeline.monitoring.baseline import baseline
from pipeline.monitoring.expected import expected
from pipeline.stages import paths


def main() -> None:
    import pandas as pd

    params = config.load()
    model, time = saved.load(paths.TRAINED), params["data"]["time"]
    parts = [paths.TRAIN, paths.VALID, paths.TEST]
    found = baseline(model, parts, paths.TEST, time=time)
    tables = [signature.read(path) for path in parts]
    found["expected"] = expected(
        model,
        tables[-1],
        seen=pd.concat(tables, ignore_index=True) if time else None,
        time=time,
        sensitive=params["data"]["sensitive"],
        values=params["decision"]["values"],
        evaluation=read_json(paths.EVALUATION),
        slices=read_json(paths.SLICES),
        explanations=read_json(paths.EXPLANATIONS),
        seed=params["seed"],
    )
    write_json(found, paths.BASELINE)


if __name__ == "__main__":
    config.run(main)
