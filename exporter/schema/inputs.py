"""The external inputs of a configuration: files and environment variables."""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from exporter.quoting import quoted
from exporter.schema.bounded_files import content_of, is_special
from exporter.schema.mistakes import Invalid

MAX_SECRET_BYTES = 65_536
"""A larger file is not a secret."""

_NO_PATH: Final = re.compile(r"[\0\n]|-----")
"""What no path has, but a text in PEM form that was given in place of its file."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The folder that relative paths start from, and the environment; ``named`` lists the files that were named."""

    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    named: set[Path] = field(default_factory=set, repr=False)
    _read: dict[Path, bytes] = field(default_factory=dict, repr=False)

    def variable(self, name: str) -> str:
        """The value of an environment variable."""
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            # The text is not shown: it may be a password after all.
            raise Invalid("${...} does not name an environment variable; write it as ${NAME}, or put it in a file")
        value = self.environment.get(name, "")
        if not value:
            state = "empty" if name in self.environment else "not set"
            raise Invalid(f"the environment variable {name} is {state}")
        return value

    def readable(self, path: str) -> str:
        """The path of a readable file, resolved from the folder.

        It is read again by that path, which a pipe cannot be.
        """
        with contextlib.suppress(OSError, ValueError):  # whatever it is, reading it says so
            if is_special(self.folder / path):
                raise Invalid(f"{quoted(path)} is not a regular file")
        self.content(path)
        return str(self.folder / path)

    def secret(self, path: str) -> str:
        """The text of a file without its final line end."""
        content = self.content(path)
        if len(content) > MAX_SECRET_BYTES:
            raise Invalid(f"{quoted(path)} is too large for a secret")
        try:
            text = content.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise Invalid(f"{quoted(path)} is not UTF-8 text") from None
        if not text:
            raise Invalid(f"the file {quoted(path)} is empty")
        return text

    def content(self, path: str) -> bytes:
        """The bytes of a file, read once, because a pipe (``<(pass show kafka)``) can be read only once."""
        if not path:
            raise Invalid('"" is not a path')
        if _NO_PATH.search(path):
            raise Invalid("is no path but a text, which is not shown; it must name the file that holds it")
        place = self.folder / path
        self.named.add(place)
        if place not in self._read:
            try:
                self._read[place] = content_of(place, 16 * MAX_SECRET_BYTES)
            except OSError as error:
                if error.errno == errno.ENAMETOOLONG:
                    raise Invalid("is too long for a path; it is not shown, as it may be a secret") from error
                reason = (error.strerror or str(error)).lower()
                raise Invalid(f"cannot read {quoted(str(place))}: {reason}") from error
        return self._read[place]
