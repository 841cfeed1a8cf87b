"""What protects the port across reloads: the current web configuration, the rate limit, the compared passwords."""

from __future__ import annotations

import logging
import ssl
from typing import Final

from exporter.quoting import quoted
from exporter.web.config.tls import CurrentContext
from exporter.web.config.web_config import WebConfig
from exporter.web.config.web_config_file import WebConfigFile
from exporter.web.middleware.passwords import Passwords
from exporter.web.middleware.rate_limit import TokenBucket

log = logging.getLogger(__name__)


class Guard:
    """Watches a web configuration file. Raises `ConfigError` if it cannot be used at the start."""

    def __init__(self, path: str) -> None:
        self._file = WebConfigFile(path)
        if self.config() == WebConfig():
            log.warning("the web configuration %s is empty, so the port is unprotected", quoted(path))
        self._tokens = TokenBucket(self.config().rate)
        self.passwords: Final = Passwords()

    def config(self) -> WebConfig:
        """The current configuration."""
        return self._file.config()

    def within_rate(self, config: WebConfig) -> bool:
        """True if the rate limit allows one more request now."""
        if self._tokens.rate != config.rate:
            self._tokens = TokenBucket(config.rate)
        return self._tokens.take()

    def tls(self) -> ssl.SSLContext | None:
        """A context for the port, whose every handshake uses the configuration current then; None without TLS."""
        return CurrentContext.of(self._file.context) if self.config().tls is not None else None
