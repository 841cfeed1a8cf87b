"""Runs the tools that check what is in deploy/; they come with the `dev` extra, beside Python."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

from tests.support.repository import ROOT


def run(tool: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Returns the ended tool, with what it printed; raises FileNotFoundError if the tool is not installed."""
    program = Path(sysconfig.get_path("scripts")) / tool
    return subprocess.run([program, *arguments], check=False, capture_output=True, text=True, timeout=120, cwd=ROOT)


def printed(tool: str, *arguments: str | Path) -> str:
    """Returns what the tool printed, having ended with exit code 0."""
    ended = run(tool, *arguments)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
