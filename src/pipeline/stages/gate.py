"""Stop here if the model failed a gate; all reports are written by then."""

from cairn import config, layout
from cairn.documents import read_document
from cairn.errors import InputError
from cairn.evaluation import gates
from cairn.evaluation.documents import GateReport


def main() -> None:
    report = read_document(GateReport, layout.GATES)
    print(gates.table(report.gates))
    if failed := len(report.failed):
        raise InputError(f"{failed} of {len(report.gates)} gates failed; {layout.GATES} says which, reports/ shows why")


if __name__ == "__main__":
    config.run(main)
