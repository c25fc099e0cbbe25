"""Great Expectations' own pages, kept steady: the same findings give the same bytes."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext

NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # Data Docs want a run time; a real one would change their bytes each run


def start(docs: Path) -> "EphemeralDataContext":
    """Start Great Expectations in memory, with no telemetry and no bars, and Data Docs in the folder `docs`."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs.resolve())},
    }
    settings: dict[str, Any] = {
        "store_backend_defaults": InMemoryStoreBackendDefaults(),
        "data_docs_sites": {"validation": site},
        "analytics_enabled": False,
        "progress_bars": {"globally": False},
    }
    config: Any = DataContextConfig(**settings)
    return gx.get_context(mode="ephemeral", project_config=config)


def keep(context: "EphemeralDataContext", table: str, results: list["ExpectationValidationResult"]) -> None:
    """Put one table's rules and results where Data Docs look for them, with no time, path or traceback in them."""
    import great_expectations as gx
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )
    from great_expectations.util import convert_to_json_serializable
    from great_expectations.validator.validation_statistics import calc_validation_statistics

    for result in results:
        result.success = bool(result.success)  # some come as numpy's, which Great Expectations' own store refuses
        result.result = convert_to_json_serializable(result.result)
        if trouble := trouble_of(result):
            shown = {"raised_exception": True, "exception_message": trouble, "exception_traceback": trouble}
            result.exception_info = shown
    run = gx.RunIdentifier(run_name="validate", run_time=NO_TIME)
    counts = calc_validation_statistics(results)._asdict()
    kept = ExpectationSuiteValidationResult(
        success=counts.pop("success"),
        results=results,
        suite_name=table,
        statistics=counts,
        meta={"run_id": run, "validation_time": NO_TIME, "great_expectations_version": gx.__version__},
    )
    rules = [{"type": asked(each).type, "kwargs": asked(each).kwargs} for each in results]
    context.suites.add(gx.ExpectationSuite(name=table, expectations=rules))
    key = ValidationResultIdentifier(ExpectationSuiteIdentifier(table), run, table)
    context.validation_results_store.set(key, kept)


def steady(docs: Path) -> None:
    """Take out of Data Docs what differs between two equal runs, and the pictures that no page shows.

    Great Expectations asks its own server for its logo, stamped with the time, numbers foldable parts at random, and
    shows the run's time in the local zone.
    """
    pages = sorted(docs.rglob("*.html"))
    for page in pages:
        logo = os.path.relpath(docs / "static" / "images" / "logo-long.png", page.parent)
        text = page.read_text(encoding="utf-8")
        text = re.sub(r"https://great-expectations-web-assets[^\"')]*", logo, text)
        text = re.sub(r"'run_time': '[^']*'", "'run_time': ''", text)
        text = re.sub(r" / validate / 1970-01-01T00:00:00(\.0+)?Z", "", text)
        text = re.sub(r"(-collapse-body-)[0-9a-f-]{36}", r"\g<1>0", text)
        page.write_text(text, encoding="utf-8")
    shown = "".join(page.read_text(encoding="utf-8") for page in pages)
    for picture in (docs / "static" / "images").iterdir():
        if picture.name not in shown:
            picture.unlink()


def asked(result: "ExpectationValidationResult") -> Any:
    """Give the configuration that a result answers; Great Expectations types it as optional, but always sets it."""
    return result.expectation_config


def trouble_of(result: "ExpectationValidationResult") -> str | None:
    """Give the first line of what an expectation raised, if it raised."""
    info = result.exception_info or {}
    for each in [info] if "raised_exception" in info else info.values():
        if each["raised_exception"]:
            return str(each["exception_message"]).strip().splitlines()[0]
    return None
