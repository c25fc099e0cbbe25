"""Build the font that measures the text of charts, from Liberation Sans 2 (Debian: fonts-liberation2).

    python engine/make_font.py LiberationSans-Regular.ttf

The letters of Latin, Greek and Cyrillic keep their widths. Every other character of Unicode is mapped to one box of
the width of a letter M or an ideograph (1 em), so the text is measured without any other font of the machine.
Liberation's licence reserves its name, so the result has another one.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

TARGET = Path(__file__).parent / "src" / "cairn" / "report" / "fonts" / "CairnSans-Regular.ttf"
FAMILY = "Cairn Sans"
BLOCKS = [(0x20, 0x1BF), (0x300, 0x45F), (0x1E80, 0x1EFF), (0x2010, 0x205F), (0x20A0, 0x22FF), (0x25A0, 0x25FF)]
SURROGATES = range(0xD800, 0xE000)
LEGAL = {0, 13, 14}  # names to keep: copyright, licence, address of the licence
BOX = "box"


def main(source: str) -> None:
    """Write the font next to the module that loads it."""
    font = TTFont(source, recalcTimestamp=False)
    _keep_blocks(font)
    _add_box(font)
    _map_all_characters(font)
    _rename(font)
    font.save(TARGET)


def _keep_blocks(font: TTFont) -> None:
    options = subset.Options(hinting=False, layout_features=[], notdef_outline=True)
    options.drop_tables += ["GDEF", "GPOS", "GSUB", "gasp", "FFTM"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in BLOCKS for code in range(first, last + 1)])
    subsetter.subset(font)


def _add_box(font: TTFont) -> None:
    em = font["head"].unitsPerEm
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in [(0, em // 2), (em, em // 2), (em, 0)]:
        pen.lineTo(corner)
    pen.closePath()
    font.setGlyphOrder([*font.getGlyphOrder(), BOX])
    font["glyf"][BOX] = pen.glyph()
    font["hmtx"][BOX] = (em, 0)


def _map_all_characters(font: TTFont) -> None:
    """Write one table of format 13, in which many characters share a glyph."""
    known = font.getBestCmap()
    table = CmapSubtable.newSubtable(13)
    table.platformID, table.platEncID, table.language = 3, 10, 0
    table.cmap = {code: known.get(code, BOX) for code in range(0x20, 0x110000) if code not in SURROGATES}
    font["cmap"].tables = [table]
    font["post"].formatType = 3.0  # no names of glyphs: nothing reads them


def _rename(font: TTFont) -> None:
    names = font["name"]
    names.names = [record for record in names.names if record.nameID in LEGAL and record.platformID == 3]
    for number, text in {1: FAMILY, 2: "Regular", 4: FAMILY, 6: "CairnSans-Regular"}.items():
        names.setName(text, number, 3, 1, 0x409)


if __name__ == "__main__":
    main(sys.argv[1])
