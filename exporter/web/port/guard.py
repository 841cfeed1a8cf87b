"""What the door knows: the web configuration in force, the requests that were let through, the passwords compared.

It stays the same while the exporter's own configuration is loaded anew.
"""

from __future__ import annotations

import logging
import ssl
from typing import Any, Final

from exporter.quoting import quoted
from exporter.web.config.model import WebConfig
from exporter.web.config.watching import Watched
from exporter.web.port.passwords import Passwords
from exporter.web.port.rate import Bucket

log = logging.getLogger(__name__)


class Guard:
    """Watches a web configuration file. Raises `ConfigError` if it cannot be used at the start."""

    def __init__(self, path: str) -> None:
        self._watched = Watched(path)
        if self.config() == WebConfig():
            log.warning("the web configuration %s says nothing, so the port is open", quoted(path))
        self._bucket = Bucket(self.config().rate)
        self.passwords: Final = Passwords()

    def config(self) -> WebConfig:
        """What is in force now."""
        return self._watched.config()

    def within_rate(self, config: WebConfig) -> bool:
        """True if one more request may be answered now."""
        if self._bucket.rate != config.rate:
            self._bucket = Bucket(config.rate)
        return self._bucket.take()

    def tls(self) -> ssl.SSLContext | None:
        """A context for the port, whose every handshake follows what is in force then; None: there is no TLS."""
        return Renewed.of(self._watched) if self.config().tls is not None else None


class Renewed(ssl.SSLContext):
    """A context that leaves each handshake to the one that is in force when it begins."""

    watched: Watched

    @classmethod
    def of(cls, watched: Watched) -> Renewed:
        """The context for what is watched."""
        context = cls(ssl.PROTOCOL_TLS_SERVER)
        context.watched = watched
        return context

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """The connection of one client: asyncio calls this for each that comes in."""
        return self.watched.context().wrap_bio(*args, **kwargs)
