"""A web configuration file that may change while the port is open."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from pathlib import Path

from exporter.config.mistakes import ConfigError, Mistake, Place
from exporter.web.config.contexts import server_context
from exporter.web.config.loading import inputs_of, load
from exporter.web.config.model import WebConfig

log = logging.getLogger(__name__)

Stamp = tuple[int, ...] | None
"""What changes when a file does; None: it is not there."""


class Watched:
    """What the file says, read again when it or a file that it names has changed.

    What cannot be used is logged, and what was in force stays in force. So does a lock: as long as the process runs,
    passwords or certificates that were asked for are asked for. A file that is being written may look as if it asked
    for none. Raises `ConfigError` if the file cannot be used at the start.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._files: tuple[str, ...] = (path,)
        self._seen = self._stamps()
        self._told = ""
        self._config, self._context = self._read()

    def config(self) -> WebConfig:
        """What is in force for a request that comes now."""
        self._look()
        return self._config

    def context(self) -> ssl.SSLContext:
        """What is in force for a handshake that begins now; only where there is TLS."""
        self._look()
        if self._context is None:
            raise LookupError("the configuration has no TLS")
        return self._context

    def _look(self) -> None:
        now = self._stamps()
        if now == self._seen:
            return
        # Taken before it is read: what changes meanwhile is seen the next time.
        self._seen = now
        try:
            self._config, self._context = self._read(self._config)
        except ConfigError as error:
            self._tell(error)
        else:
            self._told = ""

    def _read(self, before: WebConfig | None = None) -> tuple[WebConfig, ssl.SSLContext | None]:
        inputs = inputs_of(self._path)
        try:
            config = load(self._path, inputs)
        finally:
            self._files = (self._path, *map(str, inputs.named))
        if before is not None:
            mistakes = [Mistake(Place(self._path), key, message) for key, message in opened(before, config)]
            if mistakes:
                raise ConfigError(mistakes)
        return config, server_context(config.tls) if config.tls is not None else None

    def _tell(self, error: ConfigError) -> None:
        """Log what is wrong, once."""
        if str(error) != self._told:
            self._told = str(error)
            for mistake in error.mistakes:
                log.error("web configuration stays as it was: %s", mistake)

    def _stamps(self) -> tuple[Stamp, ...]:
        return tuple(map(_stamp, self._files))


def opened(before: WebConfig, after: WebConfig) -> Iterator[tuple[str, str]]:
    """What of the lock is gone, by key; only a restart may do that."""
    if (before.tls is None) != (after.tls is None):
        yield "tls_server_config", "TLS is turned on or off by a restart only"
    if before.users and not after.users:
        yield "basic_auth_users", "a port that asks for passwords asks until it is restarted"
    if before.tls is None or after.tls is None:
        return
    if before.tls.requires_certificate and not after.tls.requires_certificate:
        yield "tls_server_config.client_auth_type", "a port that asks for certificates asks until it is restarted"
    if before.tls.client_allowed_sans and not after.tls.client_allowed_sans:
        yield "tls_server_config.client_allowed_sans", "a port that looks at names does so until it is restarted"


def _stamp(path: str) -> Stamp:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
