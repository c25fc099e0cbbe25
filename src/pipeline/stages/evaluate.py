"""Measure the model on all three parts, by groups, and against what could be known."""

from cairn import config, layout
from cairn.evaluation import scores
from cairn.evaluation.truth import ceiling
from cairn.files import read_json, write_json, written
from cairn.models import estimators, saved
from cairn.rows import signature
from cairn.training import held_out


def main() -> None:
    params, schema = config.load(), read_json(layout.SCHEMA)
    model = saved.load(layout.TRAINED)
    task, threshold, seed = schema["task"], model.signature.threshold, params["seed"]
    sensitive = params["data"]["sensitive"]
    names = dict.fromkeys([*schema["features"], *sensitive, schema["target"]])
    if schema["id"]:
        names[schema["id"]] = None
    parts = {}
    for name in ("train", "test"):
        table = signature.read(layout.PARTS / f"{name}.parquet", list(names))
        parts[name] = scores.predictions(model, table)
    parts["validation"] = scores.as_predictions(*held_out.read(layout.HELD_OUT), model.signature)
    groups = scores.group_labels(
        table, sensitive=sensitive, features=schema["features"], levels=params["evaluation"]["slice_levels"]
    )
    measured, slices = config.call(
        params["evaluation"],
        parts=parts,
        groups=groups,
        task=task,
        threshold=threshold,
        values=params["decision"]["values"],
        seed=seed,
    )
    truth = layout.TRUTH / "truth.parquet"
    if truth.exists():
        known = signature.read(truth).set_index(schema["id"])["probability"]
        best = known.loc[table[schema["id"]]].to_numpy()
        reached = {name: each["value"] for name, each in measured["test"].items()}
        measured["ceiling"] = ceiling(parts["test"].actual, best, reached, prior=parts["train"].actual.mean())
    points = scores.plots(parts["test"], task=task, threshold=threshold, classes=schema["classes"], seed=seed)
    shares = estimators.importances(model.estimator)
    points["importances"] = [{"feature": name, "share": share} for name, share in shares.items()]
    with written(layout.PLOTS) as folder:
        folder.mkdir()
        for name, rows in points.items():
            write_json(rows, folder / f"{name}.json")
    write_json(slices, layout.SLICES)
    write_json(measured, layout.EVALUATION)
    write_json(scores.figures_for_dvc(measured), layout.METRICS)


if __name__ == "__main__":
    config.run(main)
