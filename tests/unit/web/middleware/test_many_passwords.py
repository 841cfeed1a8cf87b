"""A flood of wrong passwords, over real sockets."""

from __future__ import annotations

import base64
import threading
from pathlib import Path

import bcrypt
import pytest
from starlette.types import Receive, Scope, Send

from exporter.settings import Settings
from exporter.web.app import make_app
from exporter.web.middleware import Guard
from tests.support.burrow_api import Known
from tests.support.serving import PATIENCE, connect, serving, until


def request(password: str) -> bytes:
    login = base64.b64encode(f"alice:{password}".encode())
    return b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic " + login + b"\r\n\r\n"


def test_wrong_passwords_whose_clients_hang_up_do_not_lock_the_right_one_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    (tmp_path / "web.yml").write_text(f"basic_auth_users: {{alice: '{hashed}'}}\n")
    compared: list[bytes] = []
    begun, go_on = threading.Event(), threading.Event()

    def held(password: bytes, against: bytes) -> bool:
        compared.append(password)
        begun.set()
        assert go_on.wait(PATIENCE)
        return bcrypt.hashpw(password, against) == against

    monkeypatch.setattr("exporter.web.middleware.passwords.bcrypt.checkpw", held)
    guard, arrived = Guard(str(tmp_path / "web.yml")), []
    app = make_app(Known(), Settings(()), guard=guard)

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.append(scope)
        await app(scope, receive, send)

    with serving(counted) as port:
        with connect(port, request("first")):
            assert begun.wait(PATIENCE)
        for guess in range(300):
            connect(port, request(str(guess))).close()
        # They wait, and then leave; the one that runs cannot.
        until(lambda: len(arrived) == 301 and not guard.passwords._comparing._waiting)
        with connect(port, request("secret")) as client:
            until(lambda: bool(guard.passwords._comparing._waiting))
            go_on.set()
            assert client.recv(100).startswith(b"HTTP/1.1 200 ")
    assert compared == [b"first", b"secret"]
