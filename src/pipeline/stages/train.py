"""Train the model with the parameters found, choose its decision threshold, and keep it as a folder."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline import config
from pipeline.files import md5, read_json, written
from pipeline.modeling import estimators, saved, signature
from pipeline.modeling.learners.matrix import Balance
from pipeline.modeling.search import Rows
from pipeline.stages import paths

INTERVAL = (0.05, 0.95)  # the validation residuals between which a regression's 90 % interval lies


def main() -> None:
    params, schema = config.load(), read_json(paths.SCHEMA)
    columns = [*schema["features"], schema["target"]]
    train, validation = signature.read(paths.TRAIN, columns), signature.read(paths.VALID, columns)
    seen = config.call(
        params["signature"],
        train=train,
        features=schema["features"],
        target=schema["target"],
        task=schema["task"],
        classes=schema["classes"],
    )
    for name, reason in seen.left_out.items():
        print(f"left out {name}: {reason}")
    node = read_json(paths.TUNED)
    model = estimators.build(node, task=seen.task, n_classes=len(seen.classes or []), seed=params["seed"])
    labels = seen.labels(validation)
    prepared = seen.frame(validation)
    with written(paths.TRAINING) as curves:
        _fit(model, Rows(seen.frame(train), seen.labels(train)), Rows(prepared, labels), node["balance"], curves)
    predicted = estimators.predict(model, prepared)
    if seen.task == "binary":
        seen = replace(seen, threshold=config.call(params["decision"], actual=labels, probability=predicted[:, 1]))
    if seen.task == "regression":
        seen = replace(seen, interval=np.quantile(labels - predicted, INTERVAL).tolist())
    saved.save(paths.MODEL, model, seen, _metadata(node))


def _fit(model: estimators.Estimator, train: Rows, validation: Rows, balance: Balance, folder: Path) -> None:
    """Fit, with dvclive logging each round to a folder."""
    from dvclive.live import Live

    with Live(str(folder), dvcyaml=None, save_dvc_exp=False) as live:

        def log(number: int, measured: dict[str, float]) -> None:
            live.step = number
            for name, value in measured.items():
                live.log_metric(name, value)

        estimators.fit(model, *train, *validation, balance=balance, on_round=log)


def _metadata(node: dict[str, object]) -> dict[str, object]:
    """Say what the model was made from; no commit and no date, or two equal runs would differ."""
    data = {path.name: md5(path) for path in (paths.TRAIN, paths.VALID)}
    return {"data": data, "params": node}


if __name__ == "__main__":
    config.run(main)
