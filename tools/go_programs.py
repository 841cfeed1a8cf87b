"""Programs that Go builds from its modules, for tools that need no more of Go than these programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from testbed.distribution import cache_folder


def installed(module: str) -> Path:
    """The program of a module (``host/path/cmd/NAME@vX.Y.Z``), built once, and kept with the downloads.

    Raises SystemExit that says what is missing to build it, CalledProcessError if the build fails.
    """
    folder = cache_folder() / module.replace("/", "_")
    program = folder / module.partition("@")[0].rpartition("/")[2]
    if not program.exists():
        go = shutil.which("go")
        if go is None:
            raise SystemExit(f"Go is missing: install it (Debian: apt-get install golang-go) to build {program.name}")
        print(f"building {program.name}, which takes some minutes once", file=sys.stderr)
        subprocess.run([go, "install", module], env={**os.environ, "GOBIN": str(folder)}, check=True)  # noqa: S603
    return program
