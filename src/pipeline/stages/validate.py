"""Hold the raw tables against their expectations, and stop the graph if they fail."""

from dataclasses import asdict

from pipeline import config
from pipeline.data.derived import as_yaml, derive
from pipeline.data.validation import failures_table, validate
from pipeline.errors import InputError
from pipeline.files import write_json, written
from pipeline.stages import paths


def main() -> None:
    params = config.load()
    suites = config.call(params["expectations"])
    derived = not suites
    if derived:
        target = params["data"]["target"]
        suites = {path.stem: derive(path, required=[target]) for path in sorted(paths.RAW.glob("*.parquet"))}
    findings = validate(paths.RAW, suites, paths.VALIDATION)
    if derived:
        with written(paths.VALIDATION / "derived.yaml") as partial:
            partial.write_text(as_yaml(suites), encoding="utf-8")
    failed = [finding for finding in findings if not finding.passed]
    write_json({"passed": not failed, "findings": [asdict(finding) for finding in findings]}, paths.VALIDATION_RESULTS)
    if failed:
        print(failures_table(findings))
        raise InputError(
            f"{len(failed)} of {len(findings)} expectations failed; {paths.VALIDATION}/index.html shows them"
        )
    print(f"{len(findings)} expectations hold{', derived from the data' if derived else ''}")


if __name__ == "__main__":
    config.run(main)
