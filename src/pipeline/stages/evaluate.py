"""Measure the model on all three parts and by slices, and compare it with the true probabilities, where known."""

from dataclasses import replace

from cairn import config, layout
from cairn.documents import to_json
from cairn.evaluation import scores, truth
from cairn.evaluation.documents import Evaluation, Slices
from cairn.files import read_json, write_json, written
from cairn.models import estimators, saved
from cairn.rows import signature
from cairn.training import held_out


def main() -> None:
    params, schema = config.load(), read_json(layout.SCHEMA)
    model = saved.load(layout.TRAINED, trusted=params["trusted"])
    about = {"task": schema["task"], "threshold": model.signature.threshold, "seed": params["seed"]}
    sensitive, levels = params["data"]["sensitive"], params["evaluation"]["slice_levels"]
    roles = [name for name in (*sensitive, schema["target"], schema["id"]) if name]
    columns = list(dict.fromkeys([*schema["features"], *roles]))
    train, test = (signature.read(path, columns) for path in (layout.TRAIN, layout.TEST))
    parts = {
        "train": scores.predictions(model, train),
        "test": scores.predictions(model, test),
        "validation": scores.as_predictions(*held_out.read(layout.HELD_OUT), model.signature),
    }
    groups = scores.group_labels(test, sensitive=sensitive, features=schema["features"], levels=levels)
    measured: tuple[Evaluation, Slices] = config.call(
        params["evaluation"], parts=parts, groups=groups, values=params["decision"]["values"], **about
    )
    evaluation, slices = measured
    if (path := layout.TRUTH / "truth.parquet").exists():
        best = signature.read(path).set_index(schema["id"])["probability"].loc[test[schema["id"]]].to_numpy()
        prior = parts["train"].actual.mean()
        ceiling = truth.ceiling(parts["test"].actual, best, evaluation.figures("test"), prior=prior)
        evaluation = replace(evaluation, ceiling=ceiling)
    points = scores.plots(parts["test"], classes=schema["classes"], **about)
    shares = estimators.importances(model.estimator)
    points["importances"] = [{"feature": name, "share": share} for name, share in shares.items()]
    with written(layout.PLOTS) as folder:
        folder.mkdir()
        for name, rows in points.items():
            write_json(rows, folder / f"{name}.json")
    write_json(to_json(slices), layout.SLICES)
    write_json(to_json(evaluation), layout.EVALUATION)
    write_json(scores.figures_for_dvc(evaluation), layout.METRICS)


if __name__ == "__main__":
    config.run(main)
