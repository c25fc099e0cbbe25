"""The hat shop's job as one plain script: the same library calls, without DVC, Hydra or stages.

It reads its settings from params.yaml, keeps every table in memory once the raw ones are drawn, and writes what a
person would want to keep: the validation report, the model and the metrics, into the folder named on the command line.
"""

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from cairn.datasets.hat_shop import HatShop
from cairn.documents import to_json
from cairn.evaluation import decision, gates, scores
from cairn.evaluation.truth import ceiling
from cairn.files import write_json
from cairn.models import saved
from cairn.rows import signature
from cairn.search import search
from cairn.tables import duck, split
from cairn.tables.target import describe_target
from cairn.training import rules, training
from cairn.training.folds import Rows
from cairn.training.parts import Parts
from cairn.validation import expectations, validation

PARTS = ("train", "validation", "test")


def main() -> None:
    params, output = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8")), Path(sys.argv[1])
    seed = params["seed"]
    shop = HatShop(**settings(params["data"]))
    raw, truth = output / "raw", output / "truth"
    raw.mkdir(parents=True)
    truth.mkdir()
    shop.ingest(raw, truth)
    suites = expectations.suites(**settings(params["expectations"]))
    findings = validation.validate(raw, suites, output / "validation")
    assert all(finding.passed for finding in findings)

    connection = duck.connect(threads=1)
    for path in raw.glob("*.parquet"):
        connection.execute(f"CREATE VIEW {path.stem} AS FROM read_parquet({duck.literal(path)})")
    features = connection.sql(Path("conf/features/hat_shop.sql").read_text(encoding="utf-8")).to_arrow_table()
    numbered = features.append_column(split.ROW_NUMBER, pa.array(range(len(features))))
    rows = connection.from_arrow(numbered)
    task, classes = describe_target(rows, shop)
    columns = [name for name in features.column_names if name not in (shop.target, shop.id, shop.time)]
    cut = split.stratified(rows, **settings(params["split"]), target=shop.target, id=shop.id, time=shop.time, seed=seed)
    tables = {name: frame(cut[name].to_arrow_table()) for name in PARTS}

    seen = signature.describe(
        tables["train"],
        features=columns,
        target=shop.target,
        task=task,
        classes=classes,
        **settings(params["signature"]),
    )
    train, held_out = (Rows(seen.frame(tables[name]), seen.labels(tables[name])) for name in PARTS[:2])
    both = Parts(seen, train, held_out, groups=None)
    found = search.best_parameters(
        **settings(params["search"]),
        model=params["model"],
        problem=both.problem(seed=seed, ordered=False),
        journal=output / "search.journal",
    )
    node = {key: value for key, value in params["model"].items() if key not in search.KEYS} | found.params
    tuned = {"model": node, "rounds": found.rounds}
    about = settings(params["training"])
    trained = training.train(tuned, both, members=output / "members", log=output / "training", seed=seed, **about)
    threshold = decision.choose_threshold(
        actual=held_out.y, probability=trained.predicted[:, 1], **settings(params["decision"])
    )
    model = saved.Model(trained.model, replace(seen, threshold=threshold), {"params": node})
    saved.save(output / "model", model.estimator, model.signature, model.metadata)
    results = rules.check(**settings(params["rules"]), **trained.evidence(both))
    assert not rules.stopped(results)
    evaluate(params, model, tables, pq.read_table(truth / "truth.parquet").to_pandas(), output)


def evaluate(
    params: dict, model: saved.Model, tables: dict[str, pd.DataFrame], truth: pd.DataFrame, output: Path
) -> None:
    """Measure the model on all parts, and check it against its gates."""
    known, data, seed = model.signature, params["data"], params["seed"]
    parts = {name: scores.predictions(model, table) for name, table in tables.items()}
    test, actual = tables["test"], parts["test"].actual
    names = [column.name for column in known.columns]
    levels = params["evaluation"]["slice_levels"]
    evaluation, slices = scores.score(
        parts,
        scores.group_labels(test, sensitive=data["sensitive"], features=names, levels=levels),
        task=known.task,
        threshold=known.threshold,
        values=params["decision"]["values"],
        seed=seed,
        **settings(params["evaluation"]),
    )
    best = truth.set_index(data["id"])["probability"].loc[test[data["id"]]].to_numpy()
    ceilings = ceiling(actual, best, evaluation.figures("test"), prior=parts["train"].actual.mean())
    evaluation = replace(evaluation, ceiling=ceilings)
    points = scores.plots(parts["test"], task=known.task, threshold=known.threshold, classes=known.classes, seed=seed)
    results = gates.judge(evaluation, slices, **settings(params["gates"]))
    figures = scores.figures_for_dvc(evaluation)
    for name, content in {"metrics": figures, "slices": slices, "plots": points, "gates": results}.items():
        write_json(to_json(content), output / f"{name}.json")


def settings(node: dict) -> dict:
    return {key: value for key, value in node.items() if key != "_target_"}


def frame(table: pa.Table) -> pd.DataFrame:
    """Give pandas a table with its texts as categories."""
    for place, each in enumerate(table.schema):
        if pa.types.is_string(each.type):
            table = table.set_column(place, each.name, table.column(place).dictionary_encode())
        elif pa.types.is_decimal(each.type):
            table = table.set_column(place, each.name, table.column(place).cast(pa.float64()))
    return table.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get, date_as_object=False)


if __name__ == "__main__":
    main()
