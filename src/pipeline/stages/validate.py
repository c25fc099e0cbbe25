"""Hold the raw tables against their expectations, and stop the graph if they fail."""

from dataclasses import asdict

from cairn import config, layout
from cairn.errors import InputError
from cairn.files import write_json, written
from cairn.validation.derived import as_yaml, derive
from cairn.validation.validation import failures_table, validate


def main() -> None:
    params = config.load()
    suites = config.call(params["expectations"])
    derived = not suites
    if derived:
        target = params["data"]["target"]
        suites = {path.stem: derive(path, required=[target]) for path in sorted(layout.RAW.glob("*.parquet"))}
    findings = validate(layout.RAW, suites, layout.VALIDATION)
    if derived:
        with written(layout.VALIDATION / "derived.yaml") as partial:
            partial.write_text(as_yaml(suites), encoding="utf-8")
    failed = [finding for finding in findings if not finding.passed]
    write_json({"passed": not failed, "findings": [asdict(finding) for finding in findings]}, layout.VALIDATION_RESULTS)
    if failed:
        print(failures_table(findings))
        raise InputError(
            f"{len(failed)} of {len(findings)} expectations failed; {layout.VALIDATION}/index.html shows them"
        )
    print(f"{len(findings)} expectations hold{', derived from the data' if derived else ''}")


if __name__ == "__main__":
    config.run(main)
