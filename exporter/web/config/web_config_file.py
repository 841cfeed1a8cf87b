"""A web configuration file that may change while the port is open."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from pathlib import Path

from exporter.schema.mistakes import ConfigError, Mistake, Place
from exporter.web.config.parsing import inputs_of, load
from exporter.web.config.tls import server_context
from exporter.web.config.web_config import WebConfig

log = logging.getLogger(__name__)

Stamp = tuple[int, ...] | None
"""Changes when a file does; None: there is no file."""


class WebConfigFile:
    """The web configuration file, read again when it or a file that it names has changed.

    A file that cannot be used is logged, and the previous configuration stays in use. So does protection: until a
    restart the port keeps asking for the passwords or certificates that it asked for, because a half-written file may
    look as if it asked for none. Raises `ConfigError` if the file cannot be used at the start.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._files: tuple[str, ...] = (path,)
        self._seen = self._stamps()
        self._logged = ""
        self._config, self._context = self._read()

    def config(self) -> WebConfig:
        """The configuration for a request that arrives now."""
        self._reload_if_changed()
        return self._config

    def context(self) -> ssl.SSLContext:
        """The context for a handshake that begins now; only with TLS."""
        self._reload_if_changed()
        if self._context is None:
            raise LookupError("the configuration has no TLS")
        return self._context

    def _reload_if_changed(self) -> None:
        # On the event loop, because asyncio calls for a context synchronously: two or three calls of stat, and a few
        # milliseconds of parsing only after a change.
        now = self._stamps()
        if now == self._seen:
            return
        # Taken before the file is read: a change during the read is seen the next time.
        self._seen = now
        try:
            self._config, self._context = self._read(self._config)
        except ConfigError as error:
            self._log_once(error)
        else:
            self._logged = ""

    def _read(self, before: WebConfig | None = None) -> tuple[WebConfig, ssl.SSLContext | None]:
        inputs = inputs_of(self._path)
        try:
            config = load(self._path, inputs)
        finally:
            self._files = (self._path, *map(str, inputs.named))
        if before is not None:
            mistakes = [Mistake(Place(self._path), key, message) for key, message in removed_protection(before, config)]
            if mistakes:
                raise ConfigError(mistakes)
        return config, server_context(config.tls) if config.tls is not None else None

    def _log_once(self, error: ConfigError) -> None:
        """Logs a mistake once."""
        if str(error) != self._logged:
            self._logged = str(error)
            for mistake in error.mistakes:
                log.error("web configuration not reloaded, the previous one stays in effect: %s", mistake)

    def _stamps(self) -> tuple[Stamp, ...]:
        return tuple(map(_stamp, self._files))


def removed_protection(before: WebConfig, after: WebConfig) -> Iterator[tuple[str, str]]:
    """What protects the port before but not after, by key; only a restart may remove it."""
    if (before.tls is None) != (after.tls is None):
        yield "tls_server_config", "TLS is turned on or off by a restart only"
    if before.users and not after.users:
        yield "basic_auth_users", "passwords can be turned off by a restart only"
    if before.tls is None or after.tls is None:
        return
    if before.tls.requires_certificate and not after.tls.requires_certificate:
        yield "tls_server_config.client_auth_type", "required certificates can be turned off by a restart only"
    if before.tls.client_allowed_sans and not after.tls.client_allowed_sans:
        yield "tls_server_config.client_allowed_sans", "the list of names can be removed by a restart only"


def _stamp(path: str) -> Stamp:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
