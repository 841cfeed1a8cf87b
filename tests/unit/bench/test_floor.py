from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from tools.bench.floor import Floor, Heard

METADATA, LIST_GROUPS, OFFSET_FETCH = 3, 16, 9
LENGTH = struct.Struct(">i")


class Broker:
    """Answers each request with bytes of some length, in pieces, and notes what it was asked before it answered."""

    def __init__(self, pieces: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        self.asked: list[int] = []
        self._pieces = pieces
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, connection.makefile("rb") as requests:
            while head := requests.read(LENGTH.size):
                body = requests.read(LENGTH.unpack(head)[0])
                self.asked.append(struct.unpack_from(">h", body)[0])
                answer = LENGTH.pack(len(body) * 10) + body * 10
                step = -(-len(answer) // self._pieces)
                for start in range(0, len(answer), step):
                    connection.sendall(answer[start : start + step])

    def close(self) -> None:
        self._listener.close()


@pytest.fixture(params=[1, 7, 1000])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    with closing(Broker(request.param)) as started:
        yield started


def request(kind: int, size: int = 20) -> bytes:
    body = struct.pack(">h", kind) + bytes(size)
    return LENGTH.pack(len(body)) + body


def test_every_request_is_sent_again_in_order_and_every_answer_read(broker: Broker) -> None:
    heard = Heard()
    kinds = [METADATA, LIST_GROUPS, *[OFFSET_FETCH] * 5]
    heard.sent(broker.address, request(METADATA))
    heard.answered(broker.address, 1)
    heard.sent(broker.address, request(LIST_GROUPS))
    heard.answered(broker.address, 1)
    heard.sent(broker.address, b"".join(request(OFFSET_FETCH, 100) for _ in range(5)))
    with Floor(heard).connected() as floor:
        for _ in range(2):
            assert floor.run() > 0
            assert floor.received == sum(4 + 10 * (2 + size) for size in (20, 20, *[100] * 5))
    assert broker.asked == kinds * 2


def test_as_many_requests_are_on_their_way_as_the_exporter_had() -> None:
    heard = Heard()
    heard.sent(("127.0.0.1", 1), request(OFFSET_FETCH) + request(OFFSET_FETCH))
    heard.answered(("127.0.0.1", 1), 1)
    heard.sent(("127.0.0.1", 1), request(OFFSET_FETCH))
    heard.answered(("127.0.0.1", 1), 2)
    heard.sent(("127.0.0.1", 1), request(METADATA))
    assert heard.at_once == 2
    assert [sent.kind for sent in heard.requests] == [OFFSET_FETCH] * 3 + [METADATA]
