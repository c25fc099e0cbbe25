"""Measure bias in the labels before training, and in the predictions after it, for the groups of sensitive columns."""

from cairn import config, layout
from cairn.bias import audit, facets, settings
from cairn.bias.documents import NoBiasReport
from cairn.documents import to_json
from cairn.files import read_json, write_json
from cairn.models import saved
from cairn.rows import signature


def main() -> None:
    params = config.load()
    node, sensitive = params["report"]["bias"], params["data"]["sensitive"]
    schema = read_json(layout.SCHEMA)
    left_out = settings.left_out(node, schema["task"], sensitive)
    if "all" in left_out:
        write_json(to_json(NoBiasReport(left_out=left_out)), layout.BIAS)
        return
    settings.require_settings(node)
    model = saved.load(layout.TRAINED, trusted=params["trusted"])
    test = signature.read(layout.TEST)
    facets.require({"data.sensitive": sensitive, "report.bias.condition": [node["condition"]]}, test.columns)
    named = dict.fromkeys([*sensitive, *filter(None, [node["condition"]])])
    train = signature.read(layout.TRAIN, list(dict.fromkeys([*named, schema["target"]])))
    labels = model.signature.labels
    regression = model.signature.classes is None
    predicted = model.predict(test) if regression else model.choose(model.predict_proba(test))
    report = config.call(
        node,
        train=audit.Labelled(train, labels(train)),
        test=audit.Predicted(test, labels(test), predicted, model.signature.frame(test)),
        task=schema["task"],
        classes=schema["classes"],
        sensitive=sensitive,
        seed=params["seed"],
    )
    write_json(to_json(report), layout.BIAS)


if __name__ == "__main__":
    config.run(main)
