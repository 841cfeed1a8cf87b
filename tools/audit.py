"""Known vulnerabilities and licences of what the exporter is made with: `make audit`.

The licences are read from what is installed, and each has to be on a list; this needs no network. The vulnerabilities
are asked for by pip-audit. If its database cannot be reached the audit fails: what was not asked is not known.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from importlib import metadata
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PATIENCE: Final = 300
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

SHIPPED: Final = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MPL-2.0", "PSF-2.0", "Zlib",
    }
)  # fmt: skip
"""What may be installed beside a program under Apache-2.0."""

ONLY_TO_DEVELOP: Final = frozenset({"GPL-3.0"})
"""What may be run as a separate program, and is not shipped."""

SAID_OTHERWISE: Final = {
    "Apache": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD-3-Clause",
    "Dual License": "Apache-2.0 OR BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""What metadata says in words of its own → SPDX."""

BY_HAND: Final = {"atheris": "Apache-2.0", "axe-playwright-python": "MIT", "promql-parser": "MIT"}
"""Packages whose metadata has no licence; it is in their source."""


class Unreachable(Exception):
    """The database of vulnerabilities was not asked; the message says why."""


def licence(package: str, of: metadata.PackageMetadata) -> str:
    """A package's licence as SPDX, as far as its metadata says one; otherwise what it says, or nothing."""
    classified = [line.rpartition(" :: ")[2] for line in of.get_all("Classifier", []) if line.startswith("License ::")]
    text, expression = ((of.get_all(name) or [""])[0] for name in ("License", "License-Expression"))
    said = (expression, text if "\n" not in text and len(text) < 60 else None, *classified)
    found = next((SAID_OTHERWISE.get(each, each) for each in said if each), "")
    return found or BY_HAND.get(package, "")


def is_allowed(expression: str, allowed: frozenset[str]) -> bool:
    """True if an SPDX expression without parentheses can be kept: all of what is joined by AND, one of OR."""
    return any(
        all(part.strip() in allowed for part in choice.split(" AND ")) for choice in expression.split(" OR ")
    )  # fmt: skip


def requirements() -> Mapping[str, list[str]]:
    """``install_requires`` and each extra → the names of its packages."""
    declared = ConfigParser()
    declared.read(ROOT / "setup.cfg")
    lists = {"install_requires": declared["options"]["install_requires"], **declared["options.extras_require"]}
    return {name: [line.partition(">=")[0] for line in text.split("\n") if line] for name, text in lists.items()}


def with_their_own(names: list[str]) -> set[str]:
    """The installed packages among these, with all that they need in turn."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = canonical(waiting.pop())
        if name in found:
            continue
        try:
            needed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        found.add(name)
        waiting += [match[0] for each in needed if "extra ==" not in each and (match := NAME.match(each))]
    return found


def canonical(name: str) -> str:
    """A package's name as registries write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def refused_licences() -> Iterator[str]:
    """A line for each package whose licence is not on the list."""
    declared = requirements()
    shipped = with_their_own(
        [name for extra in ("install_requires", "kerberos", "msk", "zookeeper") for name in declared[extra]]
    )
    everything = with_their_own([name for names in declared.values() for name in names])
    for package in sorted(everything):
        found = licence(package, metadata.metadata(package))
        allowed = SHIPPED if package in shipped else SHIPPED | ONLY_TO_DEVELOP
        if not is_allowed(found, allowed):
            yield f"{package}: {found or 'its metadata has no licence'}"
    print(f"licences: {len(everything)} packages looked at, {len(shipped)} of them shipped")


def known_vulnerabilities() -> str:
    """What pip-audit says about the installed packages; empty if it knows of nothing. Raises Unreachable."""
    everything = sorted(with_their_own([name for names in requirements().values() for name in names]))
    pinned = "".join(f"{name}=={metadata.version(name)}\n" for name in everything)
    listed = ROOT / "build" / "audited.txt"
    listed.parent.mkdir(exist_ok=True)
    listed.write_text(pinned, encoding="utf-8")
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner=off", "--no-deps", "--disable-pip"]
    try:
        done = subprocess.run(  # noqa: S603 - the command is our own
            [*command, f"--requirement={listed}"], capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise Unreachable(f"no answer within {PATIENCE} s") from None
    if done.returncode == 0:
        return ""
    if "Found " in done.stderr and "vulnerabilit" in done.stderr:
        return done.stdout
    raise Unreachable((done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1])


def main() -> int:
    """Prints what is found; 0 if there is nothing, 1 otherwise, also if it cannot be known."""
    refused = list(refused_licences())
    for line in refused:
        print(f"licence not on the list: {line}", file=sys.stderr)
    try:
        vulnerable = known_vulnerabilities()
    except Unreachable as error:
        print(f"vulnerabilities: NOT CHECKED, the database cannot be reached: {error}", file=sys.stderr)
        return 1
    print(vulnerable or "vulnerabilities: none known of these versions")
    return int(bool(refused or vulnerable))


if __name__ == "__main__":
    sys.exit(main())
