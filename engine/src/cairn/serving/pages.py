"""The page where a person fills a form, and the one that says what can be asked: each one file that needs no other."""

import base64
import hashlib
from pathlib import Path

ICON = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cg fill='%232f6f8f'%3E\
%3Crect x='1' y='11' width='14' height='4' rx='2'/%3E%3Crect x='3' y='6' width='10' height='4' rx='2'/%3E\
%3Crect x='5' y='1' width='6' height='4' rx='2'/%3E%3C/g%3E%3C/svg%3E"


def assembled(name: str) -> str:
    """Put a page's markup, its script and the style of all pages into one text.

    Its policy lets a browser run that script and no other, and ask no other server for anything.

    Parameters
    ----------
    name : `form` or `docs`
    """
    markup, script, style = (_read(each) for each in (f"{name}.html", f"{name}.js", "page.css"))
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; connect-src 'self'; "
        f"script-src '{_hash(script)}'; style-src '{_hash(style)}'"
    )
    parts = {"{{policy}}": policy, "{{icon}}": ICON, "{{style}}": style, "{{script}}": script}
    for place, part in parts.items():
        markup = markup.replace(place, part, 1)
    return markup


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


HTML, DOCS = assembled("form"), assembled("docs")
