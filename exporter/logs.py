"""Logging to standard error: one line an event, as logfmt or JSON.

Values given as ``extra`` become fields of their own: ``log.warning("not read", extra={"group": name})``.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

from exporter.quoting import one_line, quoted
from exporter.settings import Log

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_OF_RECORDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
"""What every record has; "color_message" is uvicorn's copy of the message with escape codes."""


def set_up(settings: Log, stream: TextIO | None = None) -> None:
    """Makes every logger of the process write to ``stream`` (standard error) according to the settings."""
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(Json() if settings.format == "json" else Logfmt())
    logging.basicConfig(handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    set_level(_LEVELS[settings.level])


def set_level(level: int) -> None:
    """Sets the lowest level of `logging` that is logged."""
    logging.getLogger().setLevel(level)
    # The collector logs a failure once; kafka-python would repeat it at every scrape. At "debug" it would log its
    # configuration as well, including passwords.
    logging.getLogger("kafka").setLevel(logging.INFO if level <= logging.DEBUG else logging.CRITICAL)
    for name in ("httpx", "httpcore", "oauthlib"):
        # They log addresses, which may hold a secret, at each request.
        logging.getLogger(name).setLevel(logging.WARNING)


class Logfmt(logging.Formatter):
    r"""``ts=2026-01-31T12:00:00.000Z level=info logger=exporter.collector msg="group \"a b\"" cluster=prod``."""

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line; what does not print is escaped as in JSON."""
        return " ".join(f"{_name(name)}={_logfmt(value)}" for name, value in _fields(record).items())


class Json(logging.Formatter):
    """The same fields as an object."""

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line of ASCII."""
        return json.dumps(_fields(record), default=str)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    at = datetime.fromtimestamp(record.created, UTC)
    fields: dict[str, Any] = {
        "ts": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "msg": record.getMessage(),
    }
    fields.update((name, value) for name, value in vars(record).items() if name not in _OF_RECORDS | fields.keys())
    if record.exc_info:
        fields["traceback"] = logging.Formatter().formatException(record.exc_info)
    return fields


def _name(name: str) -> str:
    """A field's name without the characters that would break logfmt."""
    return one_line(name).replace(" ", "_").replace("=", "_").replace('"', "_")


def _logfmt(value: Any) -> str:
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    if text and text.isprintable() and not set(text) & set(' ="\\'):
        return text
    return quoted(text)
