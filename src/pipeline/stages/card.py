"""Write the model card, and put it beside the trained model: the folder that may be promoted."""

import shutil
from typing import Any

from cairn import config, layout
from cairn.bias.documents import read_bias
from cairn.documents import read_document
from cairn.evaluation.documents import Evaluation, GateReport, Slices
from cairn.explain.documents import read_explanations
from cairn.files import digest, read_json, written
from cairn.report.card import alone

MEASURED = {
    "rules": layout.RULES,
    "validation": layout.VALIDATION_RESULTS,
    "signature": layout.TRAINED / "signature.json",
    "training": layout.TRAINED / "metadata.json",
}


def main() -> None:
    params = config.load()
    measured: dict[str, Any] = {name: read_json(path) for name, path in MEASURED.items()}
    measured |= {
        "evaluation": read_document(Evaluation, layout.EVALUATION),
        "slices": read_document(Slices, layout.SLICES),
        "gates": read_document(GateReport, layout.GATES),
        "bias": read_bias(layout.BIAS),
        "explanations": read_explanations(layout.EXPLANATIONS),
        "data": params["data"],
        "raw": {str(layout.RAW): digest(layout.RAW)},
    }
    text = config.call(params["card"], measured=measured)
    with written(layout.CARD) as partial:
        partial.write_text(text, encoding="utf-8")
    with written(layout.MODEL) as folder:
        shutil.copytree(layout.TRAINED, folder)
        shutil.copyfile(layout.BASELINE, folder / layout.BASELINE.name)
        (folder / "model_card.md").write_text(text, encoding="utf-8")
        (folder / "model_card.html").write_text(alone(text), encoding="utf-8")


if __name__ == "__main__":
    config.run(main)
