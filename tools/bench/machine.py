"""Where something was measured, and with what."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from exporter import __version__
from testbed.distribution import CURRENT, fetch

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ("kafka-python", "numpy")


def machine() -> dict[str, str]:
    """The processor, the memory and the system."""
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model[1] if model else platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, str]:
    """The versions of what was measured and of what it runs on."""
    return {
        "kafka-burrow-exporter": f"{__version__} ({commit(ROOT)})",
        "Python": platform.python_version(),
        **{library: version(library) for library in LIBRARIES},
        "Kafka": fetch(CURRENT).version,
    }


def commit(folder: Path) -> str:
    """The commit that is checked out in a folder, marked if something in it was changed; without git "unknown"."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--tags"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return "unknown"
    return found.stdout.strip() or "unknown"
