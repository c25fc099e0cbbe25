"""A browser that shows pages."""

from collections.abc import Iterator

import pytest
from tests.chromium import Page


@pytest.fixture
def browser() -> Iterator[Page]:
    opened = Page()
    yield opened
    opened.close()
