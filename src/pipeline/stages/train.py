"""Train the model with the parameters found, choose its decision threshold, and keep it as a folder."""

from dataclasses import replace

import numpy as np

from cairn import config, layout
from cairn.errors import InputError
from cairn.files import md5, read_json, write_json, written
from cairn.models import saved
from cairn.training import held_out, parts, rules

INTERVAL = (0.05, 0.95)  # the residuals held out between which a regression's 90 % interval lies


def main() -> None:
    params, schema, tuned = config.load(), read_json(layout.SCHEMA), read_json(layout.TUNED)
    seen = parts.read(layout.TRAIN, layout.VALID, schema, params["signature"])
    signature = seen.signature
    for name, reason in signature.left_out.items():
        print(f"left out {name}: {reason}")
    with written(layout.TRAINING) as log:
        trained = config.call(
            params["training"], tuned=tuned, seen=seen, members=layout.MEMBERS, log=log, seed=params["seed"]
        )
    actual, predicted = trained.held_out.y, trained.predicted
    if signature.task == "binary":
        threshold = config.call(params["decision"], actual=actual, probability=predicted[:, 1])
        signature = replace(signature, threshold=threshold)
    if signature.task == "regression":
        signature = replace(signature, interval=np.quantile(actual - predicted, INTERVAL).tolist())
    data = {path.name: md5(path) for path in (layout.TRAIN, layout.VALID)}
    # No commit and no date, or two equal runs would give two different models.
    metadata = {"data": data, "params": tuned}
    saved.save(layout.TRAINED, trained.model, signature, metadata, trusted=params["trusted"])
    held_out.write(layout.HELD_OUT, actual, predicted)
    results = config.call(params["rules"], **trained.evidence(seen))
    write_json({"rules": results}, layout.RULES)
    print(rules.table(results))
    if broken := rules.stopped(results):
        raise InputError(broken)


if __name__ == "__main__":
    config.run(main)
