"""Stop here if the model failed a gate; all that was found is written by then."""

from cairn import config, layout
from cairn.errors import InputError
from cairn.evaluation import gates
from cairn.files import read_json


def main() -> None:
    results = read_json(layout.GATES)["gates"]
    print(gates.table(results))
    if failed := [result for result in results if not result["passed"]]:
        raise InputError(f"{len(failed)} of {len(results)} gates failed; {layout.GATES} says which, reports/ shows why")


if __name__ == "__main__":
    config.run(main)
