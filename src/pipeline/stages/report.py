"""Lay all that was found out on one page, for people."""

from cairn import config, layout
from cairn.files import written
from cairn.report import evidence

LEFT_OUT = "<!doctype html><title>No report</title><p>The report was left out of this run: report.page is null.</p>\n"


def main() -> None:
    params = config.load()
    node, page = params["report"]["page"], LEFT_OUT
    if node is not None:
        about = {"data": params["data"], "split": params["split"], "evaluation": params["evaluation"]}
        page = config.call(node, evidence=evidence.read(**about, card=params["card"]))
    with written(layout.PAGE) as partial:
        partial.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    config.run(main)
