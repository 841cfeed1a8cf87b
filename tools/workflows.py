"""``python -m tools.workflows`` lints the workflows of the public host with actionlint, which Go builds once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from testbed.distribution import cache_folder

ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.7"
WORKFLOWS = Path(__file__).resolve().parent.parent / ".github/workflows"


def actionlint() -> Path:
    """The program, built unless it is there; raises SystemExit that says what is missing to build it."""
    folder = cache_folder() / ACTIONLINT.replace("/", "_")
    program = folder / "actionlint"
    if not program.exists():
        go = shutil.which("go")
        if go is None:
            raise SystemExit("Go is missing: install it (Debian: apt-get install golang-go) to build actionlint")
        subprocess.run([go, "install", ACTIONLINT], env={**os.environ, "GOBIN": str(folder)}, check=True)  # noqa: S603
    return program


if __name__ == "__main__":
    files = sorted(str(file) for file in WORKFLOWS.glob("*.yml"))
    sys.exit(subprocess.run([actionlint(), *files], check=False).returncode)  # noqa: S603
