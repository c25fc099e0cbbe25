"""List the modules and packages that each stage runs, and check the parameters against that code."""

from cairn import code, composition, config, layout
from cairn.files import written


def main() -> None:
    params = config.load()
    composition.check(params, {})
    with written(layout.CODE) as folder:
        folder.mkdir()
        for stage, lines in code.closures(params).items():
            (folder / f"{stage}.txt").write_text(code.text(lines), encoding="utf-8")


if __name__ == "__main__":
    config.run(main)
