"""Passwords: each compared once, one at a time, away from the loop, and as long for nobody as for somebody."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Iterator

import bcrypt
import pytest

from exporter.web.middleware.passwords import Passwords, Remembered, dummy_hash
from exporter.web.server.newest_first import MAX_WAITING, GivenUp

SECRET = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
COSTLY = bcrypt.hashpw(b"costly", bcrypt.gensalt(6)).decode()
USERS = {"alice": SECRET, "bob": COSTLY}


class Comparing:
    """Stands before bcrypt and counts."""

    def __init__(self) -> None:
        self.compared: list[tuple[bytes, bytes]] = []
        self.at_once = 0
        self.most_at_once = 0
        self.threads: set[threading.Thread] = set()
        self.begun = threading.Event()
        self._go_on = threading.Event()
        self._go_on.set()
        self._lock = threading.Lock()

    def hold(self) -> threading.Event:
        """Lets each comparison wait, once it has begun, until the event is set."""
        self._go_on.clear()
        return self._go_on

    def __call__(self, password: bytes, hashed: bytes) -> bool:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.compared.append((password, hashed))
            self.threads.add(threading.current_thread())
        try:
            return self.really(password, hashed)
        finally:
            with self._lock:
                self.at_once -= 1

    def really(self, password: bytes, hashed: bytes) -> bool:
        self.begun.set()
        assert self._go_on.wait(20)
        return bcrypt.hashpw(password, hashed) == hashed


@pytest.fixture
def comparing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Comparing]:
    comparing = Comparing()
    monkeypatch.setattr("exporter.web.middleware.passwords.bcrypt.checkpw", comparing)
    yield comparing
    assert threading.main_thread() not in comparing.threads


def header(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def admitted(passwords: Passwords, *headers: str, users: dict[str, str] = USERS) -> list[bool]:
    async def all_at_once() -> list[bool]:
        return await asyncio.gather(*(passwords.admit(text, users) for text in headers))

    return asyncio.run(all_at_once())


def test_many_who_come_at_once_with_the_same_password_are_compared_once(comparing: Comparing) -> None:
    assert all(admitted(Passwords(), *[header("alice", "secret")] * 50))
    assert len(comparing.compared) == 1


def test_one_is_compared_at_a_time(comparing: Comparing) -> None:
    assert not any(admitted(Passwords(), *(header("bob", str(number)) for number in range(20))))
    assert len(comparing.compared) == 20
    assert comparing.most_at_once == 1


def test_right_and_wrong_are_remembered(comparing: Comparing) -> None:
    passwords = Passwords()
    for _ in range(3):
        assert admitted(passwords, header("alice", "secret"), header("bob", "wrong")) == [True, False]
    assert len(comparing.compared) == 2


def test_what_is_remembered_belongs_to_one_user_password_and_hash(comparing: Comparing) -> None:
    passwords = Passwords()
    same = {"alice": SECRET, "alic": SECRET}
    assert admitted(passwords, header("alice", "secret"), users=same) == [True]
    assert admitted(passwords, header("alic", "esecret"), users=same) == [False]
    assert admitted(passwords, header("alice", "secret"), users={"alice": COSTLY}) == [False]
    assert admitted(passwords, header("alice", "secret"), users={"carol": SECRET}) == [False]


def test_who_is_unknown_is_compared_with_a_hash_as_costly_as_the_costliest(comparing: Comparing) -> None:
    assert admitted(Passwords(), header("carol", "secret")) == [False]
    ((_, hashed),) = comparing.compared
    assert hashed.startswith(b"$2b$06$")
    assert hashed.decode() == dummy_hash(USERS.values())


def test_nobody_has_the_hash_of_the_unknown_even_by_name(comparing: Comparing) -> None:
    passwords = Passwords()
    comparing.really = lambda *_: True  # type: ignore[method-assign]
    assert admitted(passwords, header("carol", "x"), header("carol", "x")) == [False, False]
    assert admitted(passwords, header("alice", "x")) == [True]


def test_guesses_push_out_nobody_who_knows_the_password(comparing: Comparing, monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords()
    assert admitted(passwords, header("alice", "secret")) == [True]
    monkeypatch.setattr(passwords, "_wrong", Remembered(3))
    admitted(passwords, *(header("alice", str(number)) for number in range(9)))
    assert len(passwords._wrong) == 3
    before = len(comparing.compared)
    assert admitted(passwords, header("alice", "secret")) == [True]
    assert len(comparing.compared) == before


def test_a_wrong_password_takes_as_long_for_every_name_whatever_the_cost_of_its_hash(comparing: Comparing) -> None:
    users = {"alice": SECRET, "bob": COSTLY}

    def work(name: str) -> int:
        comparing.compared.clear()
        assert admitted(Passwords(), header(name, "wrong"), users=users) == [False]
        return sum(2 ** int(hashed[4:6]) for _, hashed in comparing.compared)

    assert work("alice") == work("bob") == work("carol") == 2**6


def test_the_newest_password_is_compared_first_and_the_oldest_is_given_up(comparing: Comparing) -> None:
    begun, go_on = comparing.begun, comparing.hold()

    async def flood() -> list[bool | BaseException]:
        passwords = Passwords()
        guesses = [asyncio.ensure_future(passwords.admit(header("bob", "0"), USERS))]
        while not begun.is_set():
            await asyncio.sleep(0)
        guesses += [asyncio.ensure_future(passwords.admit(header("bob", str(guess)), USERS)) for guess in range(1, 200)]
        await asyncio.sleep(0)
        right = asyncio.ensure_future(passwords.admit(header("bob", "costly"), USERS))
        await asyncio.sleep(0)
        go_on.set()
        return await asyncio.gather(right, *guesses, return_exceptions=True)

    right, first, *rest = asyncio.run(flood())
    assert (right, first) == (True, False)
    assert [password for password, _ in comparing.compared[:2]] == [b"0", b"costly"]
    assert [type(outcome) for outcome in rest] == [GivenUp] * (200 - MAX_WAITING) + [bool] * (MAX_WAITING - 1)


def test_a_password_whose_client_has_gone_is_not_compared(comparing: Comparing) -> None:
    begun, go_on = comparing.begun, comparing.hold()

    async def leave() -> bool:
        passwords = Passwords()
        running = asyncio.ensure_future(passwords.admit(header("bob", "0"), USERS))
        while not begun.is_set():
            await asyncio.sleep(0)
        gone = [asyncio.ensure_future(passwords.admit(header("bob", str(guess)), USERS)) for guess in range(1, 20)]
        await asyncio.sleep(0)
        for each in (running, *gone):
            each.cancel()
        right = asyncio.ensure_future(passwords.admit(header("bob", "costly"), USERS))
        await asyncio.sleep(0)
        go_on.set()
        return await right

    assert asyncio.run(leave())
    assert [password for password, _ in comparing.compared] == [b"0", b"costly"]
    assert comparing.most_at_once == 1
