"""Regular expressions for names of groups and topics, which anybody who may use Kafka chooses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import re2


@dataclass(frozen=True, slots=True)
class NamePattern:
    """An expression in RE2's syntax, Go's and so Burrow's: a search takes time in proportion to the name, never more.

    Raises ValueError, with the reason, for one that RE2 does not have.
    """

    pattern: str
    _compiled: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "_compiled", re2.compile(self.pattern, _OPTIONS))
        except re2.error as error:
            (reason,) = error.args
            raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from error

    def search(self, name: str) -> bool:
        """True if it matches anywhere in the name."""
        # A name may hold half of a surrogate pair, which is no UTF-8.
        return self._compiled.search(name.encode("utf-8", "replace")) is not None


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False  # it would write to standard error by itself
    options.never_capture = True
    return options


_OPTIONS: Final = _options()
