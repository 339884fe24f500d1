"""A Jupyter server of a test's own on localhost, and what formgrader's pages ask of it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.nbgrader_course import environment

START_SECONDS = 120


@dataclass(frozen=True)
class Server:
    """Where a Jupyter server listens, and the token that opens it."""

    address: str
    token: str

    def url(self, path: str) -> str:
        return f"{self.address}/{path}?token={self.token}"

    def formgrader(self, path: str) -> tuple[bool, str]:
        """Does what a button of formgrader does; whether that worked, and the text that it shows.

        ``path`` is as in formgrader's own script, such as ``submission/rnn/ada/autograde``.
        """
        request = urllib.request.Request(
            f"{self.address}/formgrader/api/{path}",
            data=b"",
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request) as response:
            answer: dict[str, Any] = json.load(response)
        return answer["success"], answer.get("log", "") + answer.get("error", "")


@contextmanager
def jupyter(
    folder: Path, home: Path, python: Sequence[str] = (sys.executable,), cwd: Path | None = None
) -> Iterator[Server]:
    """Serves the folder, as from a terminal in it or in ``cwd``; logs into ``home``."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    server = Server(f"http://127.0.0.1:{port}", secrets.token_hex())
    words = [*python, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    words += [f"--port={port}", "--ip=127.0.0.1", f"--IdentityProvider.token={server.token}"]
    words += [f"--ServerApp.root_dir={folder}", "--LabApp.news_url=None"]
    words += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    with (home / "jupyter.log").open("w") as log:
        process = subprocess.Popen(
            words, cwd=cwd or folder, env=os.environ | environment(home), stdout=log, stderr=log
        )
        try:
            _wait(server.url("api/status"), process)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address):
                return
        except urllib.error.URLError:
            time.sleep(0.2)
    raise RuntimeError(f"Jupyter did not start; see {address}")
