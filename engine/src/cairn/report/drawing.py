"""Draw Vega-Lite specifications as SVG that stands in the page: no script draws anything in the reader's browser.

Colours are CSS variables of templates/page.css, so one drawing suits light, dark and paper.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH, HEIGHT = 360, 260  # pixels of one chart, unless it says otherwise; the page scales it a little
# The letters of Liberation Sans, which are as wide as Arial's, and a box for every other character (make_font.py). Text
# is measured by this font alone, so the fonts of a machine do not change a drawing.
FONT = "Cairn Sans"
FONTS = Path(__file__).parent / "fonts"
CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--soft)",
        "titleColor": "var(--soft)",
        "titleFontWeight": "normal",
        "titleFontSize": 12,
        "titlePadding": 8,
        "labelFontSize": 12,
        "gridColor": "var(--grid)",
        "domain": False,
        "tickColor": "var(--grid)",
        "tickCount": 4,
        "labelLimit": 150,
        "labelFlush": False,
        "labelOverlap": "greedy",
        "labelSeparation": 8,
    },
    "line": {"strokeWidth": 2, "strokeCap": "round", "strokeJoin": "round"},
    "text": {"fontSize": 12, "color": "var(--ink)"},
}
# What stands under the pointer says its own description, and nothing is announced for each of a hundred dots.
TIP = re.compile(r'<path aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="[^"]*"')
NOISE = re.compile(
    r' (?:role="graphics-\w+"|aria-roledescription="[^"]*"|aria-label="[^"]*"|aria-hidden="true"|font-family="[^"]*")'
)
# Characters that XML does not allow; vl-convert ends the whole process when it measures one.
NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def draw(spec: Mapping[str, Any], label: str) -> "Markup":
    """Draw a specification.

    Parameters
    ----------
    spec : Vega-Lite, with a size of its own or none; a mark whose `description` is set shows it when pointed at
    label : what a screen reader says of the whole drawing

    Returns
    -------
    Markup : an `svg` element; what came from data is escaped in it
    """
    from markupsafe import Markup, escape

    whole = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": WIDTH,
        "height": HEIGHT,
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": {"left": 10, "right": 8, "top": 4, "bottom": 4},  # for a reader whose machine has wider letters
        "config": CONFIG,
        **_without_control_characters(spec),
    }
    svg = _converter().vegalite_to_svg(whole, vl_version="6.1")
    svg = NOISE.sub("", TIP.sub(r'<path data-tip="\1"', svg))
    opening = f'<svg role="img" aria-label="{escape(label)}" tabindex="0" class="drawing" viewBox='
    return Markup(re.sub(r"<svg [^>]*?viewBox=", opening, svg, count=1))  # noqa: S704, Vega escapes texts and attributes


def _without_control_characters(value: Any) -> Any:
    if isinstance(value, str):
        return NOT_XML.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {key: _without_control_characters(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_control_characters(part) for part in value]
    return value


@cache
def _converter() -> Any:
    import vl_convert

    vl_convert.register_font_directory(str(FONTS))
    return vl_convert


def thin(rows: Sequence[Any], most: int) -> list[Any]:
    """Leave out rows of a long curve, evenly, but neither the first nor the last."""
    if len(rows) <= most:
        return list(rows)
    places = sorted({round(place * (len(rows) - 1) / (most - 1)) for place in range(most)})
    return [rows[place] for place in places]
