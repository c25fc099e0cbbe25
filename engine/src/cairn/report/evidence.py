"""Read what the stages before the report wrote, for its page."""

from collections.abc import Mapping
from typing import Any

from cairn import layout
from cairn.bias.documents import read_bias
from cairn.documents import read_document
from cairn.evaluation.documents import Evaluation, GateReport, Slices
from cairn.explain.documents import read_explanations
from cairn.files import digest, read_json
from cairn.report.tables import confusion, training_curves

__all__ = ["read"]

DOCUMENTS = {
    "profile": layout.PROFILE_RESULTS,
    "rules": layout.RULES,
    "validation": layout.VALIDATION_RESULTS,
    "trials": layout.TRIALS,
    "schema": layout.SCHEMA,
    "signature": layout.TRAINED / "signature.json",
    "training": layout.TRAINED / "metadata.json",
}
# Relative to the page's folder; a page that is sent alone has none of these files, and its footer says so.
LINKS = {
    "validation": "validation/index.html",
    "leaderboard": "leaderboard.md",
    "card": "model_card.md",
    "figures": {
        path.name: path.name for path in (layout.EVALUATION, layout.SLICES, layout.GATES, layout.TRIALS, layout.RULES)
    },
}
HASHED = {
    layout.RAW: "the raw tables",
    layout.PARTS: "the rows to train, to validate and to test",
    layout.TRAINED: "what was trained and judged",
    layout.MODEL: "the same with its card: what is promoted",
}


def read(
    *, data: Mapping[str, Any], split: Mapping[str, Any], evaluation: Mapping[str, Any], card: Mapping[str, Any]
) -> dict[str, Any]:
    """Read what the page shows.

    Parameters
    ----------
    data, split, evaluation, card : the nodes of params.yaml that the page names
    """
    documents: dict[str, Any] = {name: read_json(path) for name, path in DOCUMENTS.items()}
    plots = {path.stem: read_json(path) for path in sorted(layout.PLOTS.glob("*.json"))}
    return documents | {
        "bias": read_bias(layout.BIAS),
        "evaluation": read_document(Evaluation, layout.EVALUATION),
        "explanations": read_explanations(layout.EXPLANATIONS),
        "gates": read_document(GateReport, layout.GATES),
        "slices": read_document(Slices, layout.SLICES),
        "confusion": confusion(plots.pop("confusion"), documents["schema"]["classes"]),
        "plots": plots,
        "search": {name: read_json(layout.SEARCH / f"{name}.json") for name in ("history", "importances")},
        "training_curves": training_curves(layout.TRAINING),
        "card": layout.CARD.read_text(encoding="utf-8"),
        "said": card,
        "data": data,
        "split": split,
        "settings": evaluation,
        "hashes": [{"path": str(path), "what": what, "md5": digest(path)} for path, what in HASHED.items()],
        "links": LINKS,
    }
