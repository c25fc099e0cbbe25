"""Values in the template's files: `# scaffold:KEY` at a line's end puts an answer in place of that line's value."""

import json
import re
from collections.abc import Mapping

MARK = re.compile(r"^(?P<line>.*?)[ \t]*# scaffold:(?P<key>\w+)$", re.M)
VALUE = re.compile(r'^(?P<name>.*?(?:[:=] *|- ))(?P<value>"[^"]*"|[^\s"]+)(?P<gap> *)(?P<comment>#.*)?$')
PLAIN = re.compile(r"[A-Za-z_./][\w./-]*")
WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}  # that YAML takes for something else than text


def fill(text: str, values: Mapping[str, str | None]) -> str:
    """Return a file's text with the answers in it and without any mark.

    Parameters
    ----------
    text : str
        A file of the template.
    values : mapping of str to str or None
        What stands on the marked lines; None leaves the line's own value.

    Raises
    ------
    ValueError
        If a mark names no value, or stands on a line that has none.
    """
    return MARK.sub(lambda mark: _fill_line(mark["line"], mark["key"], values), text)


def _fill_line(line: str, key: str, values: Mapping[str, str | None]) -> str:
    """Put an answer in place of a line's value, quoted where needed, and keep the line's comment in its column."""
    parts = VALUE.match(line)
    if key not in values or not parts:
        raise ValueError(f"scaffold:{key}: {'no value on this line' if key in values else 'no such value'}: {line}")
    value = values[key]
    if value is None:
        return line
    plain = not value or (PLAIN.fullmatch(value) and value.lower() not in WORDS)
    text = value if plain and not parts["value"].startswith('"') else json.dumps(value, ensure_ascii=False)
    if not parts["comment"]:
        return (parts["name"] + text).rstrip()
    return parts["name"] + text.ljust(len(parts["value"] + parts["gap"]) - 2) + "  " + parts["comment"]
