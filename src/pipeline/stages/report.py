"""Lay all that was found out on one page, for people."""

from typing import Any

from cairn import config, layout
from cairn.files import digest, read_json, written
from cairn.report.tables import confusion, training_curves

READ = {
    "profile": layout.PROFILE_RESULTS,
    "evaluation": layout.EVALUATION,
    "slices": layout.SLICES,
    "bias": layout.BIAS,
    "explanations": layout.EXPLANATIONS,
    "gates": layout.GATES,
    "rules": layout.RULES,
    "validation": layout.VALIDATION_RESULTS,
    "trials": layout.TRIALS,
    "schema": layout.SCHEMA,
    "signature": layout.TRAINED / "signature.json",
    "training": layout.TRAINED / "metadata.json",
}
# From the page's own folder; whoever is sent the page alone lacks them, and the page says so.
LINKS = {
    "validation": "validation/index.html",
    "leaderboard": "leaderboard.md",
    "card": "model_card.md",
    "figures": {
        path.name: path.name for path in (layout.EVALUATION, layout.SLICES, layout.GATES, layout.TRIALS, layout.RULES)
    },
}
MADE = {
    layout.RAW: "the raw tables",
    layout.PARTS: "the rows to train, to validate and to test",
    layout.TRAINED: "what was trained and judged",
    layout.MODEL: "the same with its card: what is promoted",
}
LEFT_OUT = "<!doctype html><title>No report</title><p>The report was left out of this run: report.page is null.</p>\n"


def main() -> None:
    params = config.load()
    node = params["report"]["page"]
    with written(layout.PAGE) as partial:
        partial.write_text(config.call(node, evidence=evidence(params)) if node else LEFT_OUT, encoding="utf-8")


def evidence(params: dict[str, Any]) -> dict[str, Any]:
    """Read what the stages before wrote."""
    found: dict[str, Any] = {name: read_json(path) for name, path in READ.items()}
    found["plots"] = {path.stem: read_json(path) for path in sorted(layout.PLOTS.glob("*.json"))}
    found["search"] = {name: read_json(layout.SEARCH / f"{name}.json") for name in ("history", "importances")}
    found["training_curves"] = training_curves(layout.TRAINING)
    found["confusion"] = confusion(found["plots"].pop("confusion"), found["schema"]["classes"])
    found["card"], found["said"] = layout.CARD.read_text(encoding="utf-8"), params["card"]
    found |= {"data": params["data"], "split": params["split"], "settings": params["evaluation"]}
    found["hashes"] = [{"path": str(path), "what": what, "md5": digest(path)} for path, what in MADE.items()]
    found["links"] = LINKS
    return found


if __name__ == "__main__":
    config.run(main)
