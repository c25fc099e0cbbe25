"""Send alarms to people and programs: a POST to the addresses in the environment."""

import json
import os
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from cairn.documents import to_json
from cairn.monitoring.documents import MonitoringReport
from cairn.monitoring.export import finding_line
from cairn.monitoring.finding import Finding

SLACK, GENERIC = "CAIRN_SLACK_WEBHOOK", "CAIRN_WEBHOOK"  # secrets: whoever has such an address can write there
LINES_SHOWN = 10  # in Slack
EMOJI = {"alarm": ":red_circle:", "warning": ":large_yellow_circle:"}
ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})  # Slack's markup


def send(report: MonitoringReport, news: Sequence[Finding], *, timeout: float, page: str | None) -> list[str]:
    """Send new findings to every address that is set.

    Parameters
    ----------
    report : monitoring.json
    news : the new findings
    timeout : seconds, for each address
    page : the address of the report's page; None: it has none

    Returns
    -------
    list of str : a line for each message that could not be delivered
    """
    bodies = {SLACK: slack_message(report, news, page), GENERIC: generic_message(report, news, page)}
    addresses = {name: os.environ.get(name, "").strip() for name in bodies}
    troubles = (_post(name, address, bodies[name], timeout) for name, address in addresses.items() if address)
    return [trouble for trouble in troubles if trouble]


def slack_message(report: MonitoringReport, news: Sequence[Finding], page: str | None) -> dict[str, Any]:
    """Build a message for Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""
    lines = [
        f"{EMOJI[finding.status]} {finding_line(finding, report.windows).translate(ESCAPES)}"
        for finding in news[:LINES_SHOWN]
    ]
    if len(news) > LINES_SHOWN:
        lines.append(f"and {len(news) - LINES_SHOWN:,} more")
    if page:
        lines.append(f"<{page}|The report>")
    return {"text": "\n".join([f"*{_title(report).translate(ESCAPES)}*", *lines])}


def generic_message(report: MonitoringReport, news: Sequence[Finding], page: str | None) -> dict[str, Any]:
    """Build a message for a program: the summary of monitoring.json, and the new findings."""
    message = {
        "format": report.format,
        "made": report.made,
        "status": report.status,
        "model": report.model,
        "areas": report.areas,
        "title": _title(report),
        "lines": [finding_line(finding, report.windows) for finding in news],
        "findings": list(news),
        "page": page,
    }
    body: dict[str, Any] = to_json(message)
    return body


def _title(report: MonitoringReport) -> str:
    stage = f" in {report.model.stage}" if report.model.stage else ""
    return f"{report.model.name} {report.model.version or 'of this folder'}{stage}: {report.status}"


def _post(name: str, address: str, body: Mapping[str, Any], timeout: float) -> str | None:
    """Send one message; return what went wrong, without the address."""
    if not _is_http(address):
        return f"{name}: not an http:// or https:// address; nothing is sent"
    text = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    request = Request(address, text, {"Content-Type": "application/json; charset=utf-8"})  # noqa: S310
    try:
        with urlopen(request, timeout=timeout):  # noqa: S310
            return None
    except (OSError, HTTPException, ValueError) as error:
        why = error if isinstance(error, HTTPError) else getattr(error, "reason", error)
        return f"{name}: not delivered: {str(why).replace(address, name)}"


def _is_http(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # invalid brackets or port
        return False
