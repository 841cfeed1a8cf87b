"""Secrets that are planted in configurations, and the search for them in all that the exporter shows."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, quote_plus

import numpy as np
from click.testing import CliRunner

from exporter.cli import commands
from testbed.servers import Server, get

MARK = "Pl4nted"
"""What every planted secret begins with; letters and digits, so that no escaping hides it."""


def secret(name: str) -> str:
    """A secret of its own for ``name``, with letters that one encoding or the other would change."""
    return f"{MARK}-{name}+/&%41 x"


def forms(text: str) -> list[str]:
    """A text as it is, and as it would look encoded: for URLs, in hexadecimal digits, or as a part of base64."""
    raw = text.encode()
    found = [text, quote(text), quote_plus(text), json.dumps(text)[1:-1], raw.hex()]
    # What stands before a text, and how much of it, shifts its digits; those at both ends depend on its neighbours.
    found += [
        encode(b"\0" * before + raw).decode().rstrip("=")[before + (before > 0) : -1]
        for before in range(3)
        for encode in (b64encode, urlsafe_b64encode)
    ]
    return list(dict.fromkeys(found))


def disclosed(text: str) -> list[str]:
    """The forms of a planted secret that a text holds."""
    return [form for form in forms(MARK) if form in text]


def shown(server: Server, configuration: Path, clusters: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Where the exporter shows something, and what: its log, every page, Burrow's API, `check-config`."""
    described = get(f"{server.url}/v3/openapi.json", timeout=30)[1]
    paths = ["/metrics", "/", "/clusters", "/state", "/no-such-page", "/-/healthy", "/-/ready"]
    for cluster in clusters:
        paths += [f"/clusters/{cluster}", f"/clusters/{cluster}/groups/group", f"/clusters/{cluster}/topics/orders"]
    for path, methods in json.loads(described)["paths"].items():
        if "get" in methods and "{cluster}" in path:
            filled = path.replace("{group}", "group").replace("{topic}", "orders")
            paths += [filled.replace("{cluster}", cluster) for cluster in clusters]
        elif "get" in methods:
            paths += [path.replace("{name}", name) for name in (*clusters, "default")]
    for path in dict.fromkeys(paths):
        yield path, get(server.url + path, timeout=30)[1]
    yield "the log", server.log.read_text(encoding="utf-8", errors="replace")
    yield "check-config", checked(configuration)
    # One mistake beside each secret: the message names the place, and nothing that stands there.
    broken = configuration.with_name("broken.yml")
    broken.write_text(configuration.read_text(encoding="utf-8").replace("mechanism:", "mechanisn:"), encoding="utf-8")
    yield "check-config of a mistake", checked(broken)


def checked(configuration: Path) -> str:
    """What `check-config` prints about a file."""
    return CliRunner().invoke(commands, ["check-config", f"--config.file={configuration}"]).output


def stored(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file of the storage, as text."""
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_bytes().decode("latin-1")
            if path.suffix == ".npz":
                with np.load(path) as columns:
                    text += repr({name: columns[name].tolist() for name in columns.files})
            yield str(path), text
