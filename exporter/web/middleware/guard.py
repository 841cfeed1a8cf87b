"""What protects the port across reloads: the web configuration in force, the rate limit, the compared passwords."""

from __future__ import annotations

import logging
import ssl
from typing import Any, Final

from exporter.quoting import quoted
from exporter.web.config.watching import Watched
from exporter.web.config.web_config import WebConfig
from exporter.web.middleware.passwords import Passwords
from exporter.web.middleware.rate_limit import Bucket

log = logging.getLogger(__name__)


class Guard:
    """Watches a web configuration file. Raises `ConfigError` if it cannot be used at the start."""

    def __init__(self, path: str) -> None:
        self._watched = Watched(path)
        if self.config() == WebConfig():
            log.warning("the web configuration %s is empty, so the port is unprotected", quoted(path))
        self._bucket = Bucket(self.config().rate)
        self.passwords: Final = Passwords()

    def config(self) -> WebConfig:
        """The configuration in force."""
        return self._watched.config()

    def within_rate(self, config: WebConfig) -> bool:
        """True if the rate limit allows one more request now."""
        if self._bucket.rate != config.rate:
            self._bucket = Bucket(config.rate)
        return self._bucket.take()

    def tls(self) -> ssl.SSLContext | None:
        """A context for the port, whose every handshake uses the configuration then in force; None without TLS."""
        return Renewed.of(self._watched) if self.config().tls is not None else None


class Renewed(ssl.SSLContext):
    """A context that delegates each handshake to the context in force when it begins."""

    watched: Watched

    @classmethod
    def of(cls, watched: Watched) -> Renewed:
        """The context that follows a watched configuration."""
        context = cls(ssl.PROTOCOL_TLS_SERVER)
        context.watched = watched
        return context

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """The TLS connection of one client; asyncio calls this for each."""
        return self.watched.context().wrap_bio(*args, **kwargs)
