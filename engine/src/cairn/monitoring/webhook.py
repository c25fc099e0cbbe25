"""Tell people and programs of an alarm: a POST to the addresses that the environment holds."""

import json
import os
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from cairn.monitoring import export

SLACK, GENERIC = "CAIRN_SLACK_WEBHOOK", "CAIRN_WEBHOOK"  # whoever has such an address can write there: a secret
LINES = 10  # of a message to people
MARKS = {"alarm": ":red_circle:", "warning": ":large_yellow_circle:"}
PLAIN = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})  # what else Slack would read as its own marks


def send(
    content: Mapping[str, Any], news: Sequence[Mapping[str, Any]], *, timeout: float, page: str | None
) -> list[str]:
    """Send what is new to every address that there is.

    Parameters
    ----------
    content : monitoring.json
    news : the findings that are told
    timeout : seconds that each may take
    page : the address where people find the report

    Returns
    -------
    list of str : a line for each that could not be delivered
    """
    bodies = {SLACK: slack(content, news, page), GENERIC: generic(content, news, page)}
    given = {name: os.environ.get(name, "").strip() for name in bodies}
    troubles = (_post(name, address, bodies[name], timeout) for name, address in given.items() if address)
    return [trouble for trouble in troubles if trouble]


def slack(content: Mapping[str, Any], news: Sequence[Mapping[str, Any]], page: str | None) -> dict[str, Any]:
    """Make a message as Slack's incoming webhooks take it: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""
    lines = [
        f"{MARKS[each['status']]} {export.line(each, content['windows']).translate(PLAIN)}" for each in news[:LINES]
    ]
    if len(news) > LINES:
        lines.append(f"and {len(news) - LINES:,} more")
    if page:
        lines.append(f"<{page}|The report>")
    return {"text": "\n".join([f"*{_title(content).translate(PLAIN)}*", *lines])}


def generic(content: Mapping[str, Any], news: Sequence[Mapping[str, Any]], page: str | None) -> dict[str, Any]:
    """Make a message for a program: what monitoring.json says on top, and the findings."""
    about = {key: content[key] for key in ("format", "made", "status", "model", "areas")}
    lines = [export.line(each, content["windows"]) for each in news]
    return {**about, "title": _title(content), "lines": lines, "findings": list(news), "page": page}


def _title(content: Mapping[str, Any]) -> str:
    model = content["model"]
    stage = f" in {model['stage']}" if model["stage"] else ""
    return f"{model['name']} {model['version'] or 'of this folder'}{stage}: {content['status']}"


def _post(name: str, address: str, body: Mapping[str, Any], timeout: float) -> str | None:
    """Send one; what goes wrong is said without the address."""
    if not _sound(address):
        return f"{name}: no http:// or https:// address; nothing is sent"
    text = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    request = Request(address, text, {"Content-Type": "application/json; charset=utf-8"})  # noqa: S310
    try:
        with urlopen(request, timeout=timeout):  # noqa: S310
            return None
    except (OSError, HTTPException, ValueError) as error:
        why = error if isinstance(error, HTTPError) else getattr(error, "reason", error)
        return f"{name}: not delivered: {str(why).replace(address, name)}"


def _sound(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets or a port that are none
        return False
