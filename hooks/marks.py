r"""Marks in the template's files: which lines belong to a part that can be declined, and which carry an answer.

A mark is a comment at the end of a line. `# scaffold:boosters` keeps the line only where that part was asked for, and
`# scaffold:project_name` puts the answer in place of the line's value. On a line of its own it opens a block, which
`# /scaffold:boosters` closes. In Markdown a mark is `<!-- scaffold:boosters -->`.
"""

import json
import re
from collections.abc import Iterator, Mapping

MARK = re.compile(r"^(?P<line>.*?)[ \t]*(?:#|<!--) (?P<end>/?)scaffold:(?P<key>\w+)(?: -->)?(?P<rest>\r?\n?)$", re.S)
VALUE = re.compile(r'^(?P<name>.*?[:=][ ]*)(?P<value>"[^"]*"|[^\s"]+)(?P<gap> *)(?P<comment>#.*)?$')
PLAIN = re.compile(r"[A-Za-z_./][\w./-]*")
WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}  # that YAML takes for something else than text


def applied(text: str, parts: Mapping[str, bool], values: Mapping[str, str | None]) -> str:
    """Give a file's text as the answers want it, without any mark.

    Parameters
    ----------
    text : of a file of the template
    parts : part -> whether it was asked for
    values : what stands on marked lines; None leaves the line's own value

    Raises
    ------
    ValueError : a mark that names neither, or a block that is not closed
    """
    return "".join(_lines(text, parts, values))


def _lines(text: str, parts: Mapping[str, bool], values: Mapping[str, str | None]) -> Iterator[str]:
    block: str | None = None
    for number, whole in enumerate(text.splitlines(keepends=True), start=1):
        found = MARK.match(whole)
        key = found["key"] if found else None
        if found and key not in parts and key not in values:
            raise ValueError(f"line {number}: nothing is called scaffold:{key}")
        if found and not found["line"].strip():
            if block != (key if found["end"] else None):
                raise ValueError(f"line {number}: scaffold:{key} opens or closes a block where it cannot")
            block = None if found["end"] else key
        elif block and not parts[block]:
            continue
        elif not found:
            yield whole
        elif key in parts:
            yield found["line"] + found["rest"] if parts[key] else ""
        else:
            yield _filled(found["line"], values[key]) + found["rest"]
    if block:
        raise ValueError(f"scaffold:{block} opens a block that nothing closes")


def _filled(line: str, value: str | None) -> str:
    """Put a value in the place of a line's own, quoted where that is, and leave the line's comment where it stands."""
    found = VALUE.match(line)
    if value is None or not found:
        return line
    plain = not value or (PLAIN.fullmatch(value) and value.lower() not in WORDS)
    text = value if plain and not found["value"].startswith('"') else json.dumps(value, ensure_ascii=False)
    if not found["comment"]:
        return (found["name"] + text).rstrip()
    return found["name"] + text.ljust(len(found["value"] + found["gap"]) - 2) + "  " + found["comment"]
