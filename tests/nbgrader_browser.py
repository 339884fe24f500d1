"""A Jupyter server of a test's own on localhost, and a browser without a window to look at it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.nbgrader_course import environment

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
START_SECONDS = 60
# Milliseconds, on a machine with other things to do.
SLOW = 30_000


@contextmanager
def jupyter(folder: Path, home: Path) -> Iterator[str]:
    """Serves the folder; gives an address to put a path in, with its token: ``{path}``."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    token = secrets.token_hex()
    words = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    words += [f"--port={port}", "--ip=127.0.0.1", f"--IdentityProvider.token={token}"]
    words += [f"--ServerApp.root_dir={folder}", "--LabApp.news_url=None"]
    words += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    address = f"http://127.0.0.1:{port}/{{path}}?token={token}"
    with (home / "jupyter.log").open("w") as log:
        server = subprocess.Popen(
            words, cwd=folder, env=os.environ | environment(home), stdout=log, stderr=log
        )
        try:
            _wait(address.format(path="api/status"), server)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=20)


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(address):
                return
        except urllib.error.URLError:
            time.sleep(0.2)
    raise RuntimeError(f"Jupyter did not start; see {address}")


@dataclass
class Window:
    """A browser's window that looks at a Jupyter server."""

    page: Page
    address: str
    pictures: Path

    def go(self, path: str) -> None:
        self.page.goto(self.address.format(path=path))

    def picture(self, name: str) -> None:
        self.page.screenshot(path=self.pictures / f"{name}.png")


@contextmanager
def window(folder: Path, home: Path) -> Iterator[Window]:
    """Opens a window on a server of this folder; pictures go to ``home``, as does what it logs."""
    expect.set_options(timeout=SLOW)
    with jupyter(folder, home) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        try:
            page = chromium.new_page(viewport={"width": 1400, "height": 1000})
            page.set_default_timeout(SLOW)
            yield Window(page, address, home)
        finally:
            chromium.close()
