"""Pages in a real browser, for the tests of several modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.nbgrader_browser import CHROMIUM, QUIET

DESK, PHONE = 1280, 390


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        with closing(browser):
            yield browser


@dataclass
class Opened:
    """A page, what it complained of, and what it asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def texts(self, selector: str) -> list[str]:
        return self.page.locator(selector).all_inner_texts()

    def numbers(self, selector: str) -> list[float]:
        """The exact numbers on the page, as a program reads them."""
        found = self.page.locator(selector)
        return [float(value) for value in found.evaluate_all("all => all.map(one => one.value)")]


Look = Callable[..., Opened]


@pytest.fixture
def look(chromium: Browser) -> Iterator[Look]:
    """``look(path, width, scheme)``: a page that was opened in a window of its own."""
    contexts = []

    def look(path: Path, width: int = DESK, scheme: Any = "light") -> Opened:
        size: Any = {"width": width, "height": 900}
        context = chromium.new_context(viewport=size, color_scheme=scheme)
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.on("console", lambda message: opened.complaints.append(message.text))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("request", lambda request: opened.asked.append(request.url))
        opened.page.goto(path.as_uri())
        return opened

    yield look
    for context in contexts:
        context.close()


def asked_of_hosts(opened: Opened) -> list[str]:
    return [url for url in opened.asked if not url.startswith(("file:", "data:"))]
