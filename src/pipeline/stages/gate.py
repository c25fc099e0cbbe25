"""Stop here if the model failed a gate; all that was found is written by then."""

from pipeline import config
from pipeline.errors import InputError
from pipeline.evaluation import gates
from pipeline.files import read_json
from pipeline.stages import paths


def main() -> None:
    results = read_json(paths.GATES)["gates"]
    print(gates.table(results))
    if failed := [result for result in results if not result["passed"]]:
        raise InputError(f"{len(failed)} of {len(results)} gates failed; {paths.GATES} says which, reports/ shows why")


if __name__ == "__main__":
    config.run(main)
