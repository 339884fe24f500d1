"""A browser without a window, to look at a Jupyter server of a test's own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.nbgrader_server import Server, jupyter

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Milliseconds, on a machine with other things to do.
SLOW = 30_000


@dataclass
class Window:
    """A browser's window that looks at a Jupyter server."""

    page: Page
    server: Server
    pictures: Path

    def go(self, path: str) -> None:
        self.page.goto(self.server.url(path))

    def picture(self, name: str) -> None:
        self.page.screenshot(path=self.pictures / f"{name}.png")


@contextmanager
def asked_of_a_host() -> Iterator[tuple[str, list[str]]]:
    """A host's address, and the paths that it is asked for."""
    asked: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Listening) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@contextmanager
def window(chromium: Browser, folder: Path, home: Path) -> Iterator[Window]:
    """Opens a window on a server of this folder; pictures go to ``home``, as does what it logs."""
    expect.set_options(timeout=SLOW)
    with (
        jupyter(folder, home) as server,
        closing(chromium.new_page(viewport={"width": 1400, "height": 1000})) as page,
    ):
        page.set_default_timeout(SLOW)
        yield Window(page, server, home)
