"""The rows of the table, by what is broken."""

from __future__ import annotations

from tests.faults.row import Row
from tests.faults.rows import brokers, clock, login, network, port, responses, soak, storage

ROWS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    ("Brokers and coordinators", brokers.ROWS),
    ("Addresses and clusters that do not answer", network.ROWS),
    ("Spoiled responses", responses.ROWS),
    ("Passwords, rights and quotas", login.ROWS),
    ("The clock", clock.ROWS),
    ("The history on disk", storage.ROWS),
    ("The exporter's own port", port.ROWS),
    ("A long time", soak.ROWS),
)
"""Heading → rows, in the order of the table."""
