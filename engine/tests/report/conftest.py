"""Pages in a browser."""

from collections.abc import Callable
from pathlib import Path

import pytest
from engine.tests.chromium import Page


@pytest.fixture
def opened(browser: Page, tmp_path: Path) -> Callable[[str], Path]:
    """Give what opens a page's text as a file, without a word in the console."""

    def open_text(text: str) -> Path:
        file = tmp_path / "index.html"
        file.write_text(text, encoding="utf-8")
        browser.open(file.as_uri())
        assert browser.console == []
        return file

    return open_text
