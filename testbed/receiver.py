"""A web server in place of the web hooks of Slack and PagerDuty, which keeps what they are sent."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from testbed.processes import LOOPBACK, free_ports

SLACK, PAGERDUTY = "/slack", "/pagerduty"
ANSWERS = {
    SLACK: (HTTPStatus.OK, "text/html", "ok"),
    PAGERDUTY: (HTTPStatus.ACCEPTED, "application/json", '{"status":"success","message":"Event processed"}'),
}
"""The answers of both to a message that they accept."""


@dataclass(frozen=True, slots=True)
class Message:
    """One request: when it came (seconds since 1970), to which web hook, and its JSON."""

    time: float
    hook: str
    body: dict[str, Any]

    def mentions(self, text: str) -> bool:
        """True if the text is anywhere in it."""
        return text in json.dumps(self.body, ensure_ascii=False)


class Receiver:
    """Serves both web hooks on a free port of loopback from entering the context to leaving it."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.refused: list[str] = []
        (port,) = free_ports(1)
        self.url = f"http://{LOOPBACK}:{port}"
        self._server = ThreadingHTTPServer((LOOPBACK, port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True)

    def about(self, text: str) -> list[Message]:
        """The requests that contain the text, in the order in which they came."""
        return [message for message in list(self.messages) if message.mentions(text)]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("utf-8")
                status, kind, said = receiver.take(self.path, text)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said.encode("ascii"))

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name is given
                """Logs nothing: requests are kept, not printed."""

        return Handler

    def take(self, path: str, text: str) -> tuple[HTTPStatus, str, str]:
        """Keeps a request, and returns the status, content type and text to answer it with.

        A request for another path, or without JSON, is refused as the hooks would, and kept in ``refused``.
        """
        try:
            body = json.loads(text)
            answer = ANSWERS[path]
        except (json.JSONDecodeError, KeyError):
            self.refused.append(f"{path}: {text}")
            return HTTPStatus.BAD_REQUEST, "text/plain", "invalid_payload"
        self.messages.append(Message(time.time(), path, body))
        return answer
