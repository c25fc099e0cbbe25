"""Train the model with the parameters found, choose its decision threshold, and keep it as a folder."""

from dataclasses import replace

import numpy as np

from pipeline import config
from pipeline.files import md5, read_json, written
from pipeline.modeling import estimators, saved, signature
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
        model = _fit(model, seen.frame(train), seen.labels(train), prepared, labels, node, curves)
    predicted = estimators.predict(model, prepared)
    if seen.task == "binary":
        seen = replace(seen, threshold=config.call(params["decision"], actual=labels, probability=predicted[:, 1]))
    if seen.task == "regression":
        seen = replace(seen, interval=np.quantile(labels - predicted, INTERVAL).tolist())
    saved.save(paths.MODEL, model, seen, _metadata(node))


def _fit(model, train_X, train_y, validation_X, validation_y, node, folder):  # type: ignore[no-untyped-def]
    """Fit, logging each round to a folder by dvclive."""
    from dvclive import Live

    with Live(str(folder), dvcyaml=None, save_dvc_exp=False, monitor_system=False) as live:

        def on_round(number: int, measured: dict[str, float]) -> None:
            for name, value in measured.items():
                live.log_metric(name, value)
            live.next_step()

        return estimators.fit(
            model, train_X, train_y, validation_X, validation_y, balance=node.get("balance", "none"), on_round=on_round
        )


def _metadata(node: dict[str, object]) -> dict[str, object]:
    """Say what the model was made from. No commit, date or duration: the tag names the commit, and equal runs stay equal."""
    data = {path.name: md5(path) for path in (paths.TRAIN, paths.VALID)}
    return {"data": data, "params": node}


if __name__ == "__main__":
    config.run(main)
