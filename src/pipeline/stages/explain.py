"""Explain the model: what drives it over all, by groups, in single rows, and as one column changes."""

from typing import Any

from cairn import config, layout
from cairn.documents import to_json
from cairn.explain.documents import NoExplanations
from cairn.files import read_json, write_json, written


def main() -> None:
    params = config.load()
    if params["report"]["explain"] is None:
        explanations, table = NoExplanations(why="left out by the choice report=none"), None
    else:
        explanations, table = _explain(params)
    with written(layout.CONTRIBUTIONS) as folder:
        folder.mkdir()
        if table is not None:
            from pyarrow.parquet import write_table

            write_table(table, folder / "contributions.parquet")
    write_json(to_json(explanations), layout.EXPLANATIONS)


def _explain(params: dict[str, Any]) -> Any:
    from cairn.evaluation import scores
    from cairn.models import saved
    from cairn.rows import signature

    schema, test = read_json(layout.SCHEMA), signature.read(layout.TEST)
    model = saved.load(layout.TRAINED, trusted=params["trusted"])
    groups = scores.group_labels(
        test,
        sensitive=params["data"]["sensitive"],
        features=schema["features"],
        levels=params["evaluation"]["slice_levels"],
    )
    return config.call(
        params["report"]["explain"], model=model, table=test, groups=groups, id=schema["id"], seed=params["seed"]
    )


if __name__ == "__main__":
    config.run(main)
