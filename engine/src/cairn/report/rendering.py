"""Fill the templates: whatever is filled in stands there as text, in HTML and in Markdown."""

import base64
import hashlib
import re
from importlib import resources
from typing import Any

from cairn import number_text
from cairn.report import bias_charts, metric_text
from cairn.report.strip import strip

FILTERS = {"figure": number_text.figure, "percent": number_text.percent, "value": metric_text.value}
SIGNS = re.compile(r"([\\`*\[\]<>|~])")  # what Markdown or HTML would take for markup


def fill_html(template: str, **content: Any) -> str:
    """Fill a template of HTML."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("cairn.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"words": metric_text, "strip": strip, "biased": bias_charts}
    environment.filters |= {**FILTERS, "raw": Markup}
    return environment.get_template(template).render(content)


def fill_page(template: str, **content: Any) -> str:
    """Fill a template that stands in templates/frame.html: one file, with its style and script inside."""
    style, script = (read(f"page.{kind}") for kind in ("css", "js"))
    return fill_html(template, **content, style=style, script=script, script_hash=sha256(script))


def fill_markdown(template: str, **content: Any) -> str:
    """Fill a template of Markdown."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("cairn.report"),
        autoescape=False,  # noqa: S701, Markdown has other signs than HTML: `finalize` sees every value
        finalize=_literal,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"words": metric_text, "biased": bias_charts}
    environment.filters |= FILTERS
    return environment.get_template(template).render(content)


def to_html(markdown: str) -> str:
    """Turn Markdown into HTML; HTML that stands in it is shown, and not taken as such."""
    import mistune

    return str(mistune.create_markdown(escape=True, plugins=["table"])(markdown))


def read(name: str) -> str:
    """Read a file that stands beside the templates."""
    return resources.files("cairn.report").joinpath("templates", name).read_text(encoding="utf-8")


def sha256(text: str) -> str:
    """Give the hash by which the page's policy knows its script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _literal(value: Any) -> Any:
    return SIGNS.sub(r"\\\1", re.sub(r"\s*\n\s*", " ", value)) if isinstance(value, str) else value
