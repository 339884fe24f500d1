"""Serves a reader's page to this machine only.

Other users of the machine can reach the port, and other pages in the reader's browser can send
requests to it. So the address contains a random token, the Host header is checked (against DNS
rebinding), and a request that changes a mark must have the page's own Origin.
"""

from __future__ import annotations

import hmac
import json
import secrets
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from autograder.course.folders import CourseError
from autograder.reading.desk import Desk, Refused
from autograder.reading.form import Changed

HOST = "127.0.0.1"
MAX_BODY = 20_000
SECONDS = 30
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Save(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the page sends: an answer, the mark that it shows, and the new one."""

    part: str
    number: int
    seen: tuple[str, str]
    mark: tuple[str, str]


class ReadingServer(ThreadingHTTPServer):
    """Serves one reader's page; ``address`` includes the token."""

    daemon_threads = True

    def __init__(self, desk: Desk, port: int = 0) -> None:
        super().__init__((HOST, port), _Handler)
        self.desk = desk
        self.token = secrets.token_urlsafe(24)

    @property
    def host(self) -> str:
        return f"{HOST}:{self.server_port}"

    @property
    def address(self) -> str:
        return f"http://{self.host}/{self.token}/"


class _Handler(BaseHTTPRequestHandler):
    server: ReadingServer
    timeout = SECONDS
    server_version, sys_version = "autograder", ""

    def do_GET(self) -> None:
        name = self._path()
        if name is None:
            return
        try:
            self._send(200, self.server.desk.page(name), "text/html")
        except Refused as refused:
            self._send(404, str(refused))
        except (CourseError, OSError) as error:
            self._send(500, str(error))

    def do_POST(self) -> None:
        if self._path() != "save":
            return
        if self.headers.get("Origin") != f"http://{self.server.host}":
            self._send(403, "this request does not come from the page")
            return
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            length = -1
        if not 0 <= length <= MAX_BODY:
            self.close_connection = True
            self._send(413, "too much data, or no Content-Length")
            return
        try:
            asked = msgspec.json.decode(self.rfile.read(length), type=Save)
            mark = self.server.desk.save(asked.part, asked.number, asked.seen, asked.mark)
            self._answer(200, {"mark": mark, "unread": self.server.desk.unread()})
        except Changed as changed:
            self._answer(409, {"mark": changed.mark, "unread": self.server.desk.unread()})
        except (Refused, msgspec.DecodeError) as refused:
            self._send(400, str(refused))
        except (CourseError, OSError) as error:
            self._send(500, str(error))

    def _path(self) -> str | None:
        """The path below the token, or None if the request was refused."""
        _, _, rest = self.path.partition("/")
        token, slash, name = rest.partition("/")
        known = hmac.compare_digest(token.encode(), self.server.token.encode())
        if not (known and slash and self.headers.get("Host") == self.server.host):
            self.close_connection = True
            self._send(403, "open the full address from the terminal")
            return None
        return name

    def _answer(self, status: int, value: Any) -> None:
        self._send(status, json.dumps(value), "application/json")

    def _send(self, status: int, text: str, kind: str = "text/plain") -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Logs nothing, since addresses contain the token."""
