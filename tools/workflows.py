"""``python -m tools.workflows`` lints the workflows of the public host with actionlint, which Go builds once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.go_programs import installed

ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.7"
WORKFLOWS = Path(__file__).resolve().parent.parent / ".github/workflows"

if __name__ == "__main__":
    files = sorted(str(file) for file in WORKFLOWS.glob("*.yml"))
    sys.exit(subprocess.run([installed(ACTIONLINT), *files], check=False).returncode)  # noqa: S603
