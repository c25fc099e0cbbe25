"""The nodes, with everything passed in memory, which is Kedro's default and its fastest way."""

import work
from kedro.pipeline import Pipeline, node


def register_pipelines() -> dict[str, Pipeline]:
    nodes = [
        node(work.ingest, None, "raw"),
        node(work.validate, "raw", "report"),
        node(work.features, ["raw", "report"], "table"),
        node(work.split, "table", "parts"),
        node(work.train, "parts", "model"),
        node(work.evaluate, ["model", "parts"], "metrics"),
    ]
    return {"__default__": Pipeline(nodes)}
