"""Responses that are spoiled on their way, by a proxy before each broker, whose address is what clients are told."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from testbed.network import Last, Tamper, untouched
from tests.faults.row import Row, Stage, Step
from tests.faults.steps import watch

CHANCE = random.Random(13)  # noqa: S311  # moments, not secrets
SHARE = 0.3
"""The share of pieces that is spoiled, where not all are."""
SPOILED_SECONDS = 20.0
UNJUDGED = " (a flipped number may look like a true one: numbers and verdicts are not judged in this row)"
ABSURD = b"\x7f\xff\xff\xff"
BODY = 4_000_000


def sometimes(spoiled: Tamper) -> Tamper:
    """Spoils some pieces, and leaves the others as they are."""
    return lambda data: spoiled(data) if CHANCE.random() < SHARE else data


def flipped(data: bytes) -> bytes:
    """One bit is another."""
    at = CHANCE.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << CHANCE.randrange(8))]) + data[at + 1 :]


def delayed(data: bytes) -> bytes:
    """Up to three seconds later."""
    time.sleep(CHANCE.uniform(0.0, 3.0))
    return data


TAMPERS: dict[str, tuple[str, Tamper]] = {
    "corrupt": (
        f"in {SHARE:.0%} of the pieces of all responses one bit is flipped{UNJUDGED}",
        sometimes(flipped),
    ),
    "cut": (
        f"{SHARE:.0%} of the pieces end in the middle, and the connection with them",
        sometimes(lambda data: Last(data[: len(data) // 2])),
    ),
    "delayed": ("each piece of a response comes up to 3 s later", delayed),
    "doubled": (f"{SHARE:.0%} of the pieces come twice", sometimes(lambda data: data * 2)),
    "reset": (f"instead of {SHARE:.0%} of the pieces the connection ends", sometimes(lambda data: Last())),
    "swallowed": ("no byte comes through, and the connections stay open", lambda data: b""),
    "other-protocol": (
        "instead of Kafka's each response is one of HTTP",
        lambda data: b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    ),
    "absurd-length": (
        f"each response claims a length of 2 GiB, and {BODY // 1_000_000} MB of it come",
        lambda data: ABSURD + bytes(BODY),
    ),
    "negative-length": ("each response claims the length -1", lambda data: b"\xff\xff\xff\xff" + data),
}


def reads_proxied(stage: Stage) -> None:
    """Starts an exporter that reads through the proxies."""
    stage.start(stage.scene.config("PROXIED"))


def tampering(tamper: Tamper) -> Callable[[Stage], None]:
    """Lets all proxies do this from now on."""

    def act(stage: Stage) -> None:
        for proxy in stage.scene.proxies.values():
            proxy.tamper = tamper
            stage.undo.callback(setattr, proxy, "tamper", untouched)

    return act


ROWS = tuple(
    Row(
        f"responses-{name}",
        (Step(text, tampering(tamper)), watch(SPOILED_SECONDS), Step("then none is", tampering(untouched))),
        start=reads_proxied,
        values_hold=name != "corrupt",
    )
    for name, (text, tamper) in TAMPERS.items()
)
