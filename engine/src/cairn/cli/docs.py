"""The how-to pages, in the terminal or in the browser."""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import cairn
from cairn.errors import InputError, did_you_mean

PACKAGE = Path(cairn.__file__).parent
# A wheel carries the pages in the package; in the repository they are in docs/, three folders above it.
PLACES = (PACKAGE / "docs", PACKAGE.parents[2] / "docs")
WIDTH = 100  # columns: longer lines are hard to read
TITLE = re.compile(r"^# +(.+)$", re.MULTILINE)
LINK = re.compile(r'href="([\w-]+)\.md(#[^"]*)?"')
OUTSIDE = re.compile(r'<a href="(?!\w+:|#|[\w-]+\.html)[^"]*">(.*?)</a>', re.DOTALL)
HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", re.DOTALL)


def docs(page: str | None, *, html: bool = False) -> None:
    """Show a page, or list the pages if none is named.

    A terminal gets the page laid out and paged; a file or a pipe gets its Markdown.

    Parameters
    ----------
    page : str or None
        Name of a page, such as `search`; `search.md`, as links in pages have it, will do.
    html : bool
        Write the pages as HTML, print the path of this one, and open it if there is a graphical browser.

    Raises
    ------
    InputError
        If there is no such page, or its HTML cannot be written.
    """
    pages = find_pages()
    name = None if page is None else page.rpartition("/")[2].removesuffix(".md")
    if name is not None and name not in pages:
        raise InputError(f"cairn docs: no page {page!r} {did_you_mean(name, pages)}; `cairn docs` lists them")
    if html:
        _open(_write_html(pages) / f"{name or 'index'}.html")
    elif name is None:
        print(_list(pages))
    else:
        _show(pages[name].read_text(encoding="utf-8"))


def find_pages() -> dict[str, Path]:
    """Return the Markdown files of the pages by name, sorted.

    Raises
    ------
    InputError
        If the installed library has none.
    """
    for place in PLACES:
        if pages := {path.stem: path for path in sorted(place.glob("*.md"), key=lambda path: path.stem)}:
            return pages
    raise InputError(f"{PLACES[0]}: this installation of the library has no pages; install it from its wheel")


def main(options: argparse.Namespace) -> None:
    """Run `cairn docs`."""
    docs(options.page, html=options.html)


def _titles(pages: dict[str, Path]) -> Iterator[tuple[str, str]]:
    for name, path in pages.items():
        title = TITLE.search(path.read_text(encoding="utf-8"))
        yield name, title[1] if title else name


def _list(pages: dict[str, Path]) -> str:
    width = max(map(len, pages)) + 2
    rows = [f"  {name:<{width}}{title}" for name, title in _titles(pages)]
    return "\n".join(["The pages; `cairn docs PAGE` shows one:", *rows])


def _show(markdown: str) -> None:
    if not sys.stdout.isatty():
        print(markdown, end="")
        return
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    os.environ.setdefault("LESS", "-FRX")  # as git does: colours, and no pager for what fits on one screen
    console = Console(theme=Theme({"markdown.code": "bold cyan"}))  # without a ground, for light terminals too
    with console.pager(styles=True):
        page = Markdown(markdown, hyperlinks=False, code_theme="ansi_dark")
        console.print(page, width=min(console.width, WIDTH))


def _write_html(pages: dict[str, Path]) -> Path:
    """Write all pages, since they link to each other, into a folder of the user's own."""
    from cairn.files import written

    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(cache) / "cairn" / "docs" / version("cairn-tabular")
    contents = {name: path.read_text(encoding="utf-8") for name, path in pages.items()}
    contents["index"] = "# Pages\n\n" + "\n".join(f"- [{title}]({name}.md)" for name, title in _titles(pages))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, markdown in contents.items():
            with written(folder / f"{name}.html") as partial:
                partial.write_text(_to_html(markdown), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}; set XDG_CACHE_HOME to a folder that can be written") from None
    return folder


def _to_html(markdown: str) -> str:
    from cairn.report import rendering

    body = LINK.sub(r'href="\1.html\2"', rendering.to_html(markdown))
    body = HEADING.sub(_with_anchor, OUTSIDE.sub(r"\1", body))
    title = TITLE.search(markdown)
    return rendering.fill_html("docs.html", title=title[1] if title else "Cairn", body=body)


def _with_anchor(heading: re.Match[str]) -> str:
    """Give a heading the id that GitHub would give it, so that links to it work."""
    level, text = heading.groups()
    anchor = re.sub(r"[^\w\- ]", "", re.sub(r"<[^>]+>", "", text).lower()).replace(" ", "-")
    return f'<h{level} id="{anchor}">{text}</h{level}>'


def _open(path: Path) -> None:
    import webbrowser

    print(path)
    graphical = sys.platform in ("darwin", "win32") or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()
    if sys.stdout.isatty() and graphical:
        webbrowser.open(path.as_uri())
