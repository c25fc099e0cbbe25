"""Write the model card, and put it beside the trained model: the folder that may be promoted."""

import shutil
from typing import Any

from pipeline import config
from pipeline.files import digest, read_json, written
from pipeline.reporting.card import alone
from pipeline.stages import paths

MEASURED = {
    "evaluation": paths.EVALUATION,
    "slices": paths.SLICES,
    "bias": paths.BIAS,
    "explanations": paths.EXPLANATIONS,
    "gates": paths.GATES,
    "rules": paths.RULES,
    "validation": paths.VALIDATION_RESULTS,
    "signature": paths.TRAINED / "signature.json",
    "training": paths.TRAINED / "metadata.json",
}


def main() -> None:
    params = config.load()
    measured: dict[str, Any] = {name: read_json(path) for name, path in MEASURED.items()}
    measured |= {"data": params["data"], "raw": {str(paths.RAW): digest(paths.RAW)}}
    text = config.call(params["card"], measured=measured)
    with written(paths.CARD) as partial:
        partial.write_text(text, encoding="utf-8")
    with written(paths.MODEL) as folder:
        shutil.copytree(paths.TRAINED, folder)
        shutil.copyfile(paths.BASELINE, folder / paths.BASELINE.name)  # scaffold:monitoring
        (folder / "model_card.md").write_text(text, encoding="utf-8")
        (folder / "model_card.html").write_text(alone(text), encoding="utf-8")


if __name__ == "__main__":
    config.run(main)
