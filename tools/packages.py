"""``python -m tools.packages`` makes the wheel, the sdist and their bill of materials, in ``dist/``.

The wheel is the same, byte for byte, wherever and whenever it is built from one commit: times in it are the commit's
(https://reproducible-builds.org/docs/source-date-epoch/), and setuptools is the one that constraints/build.txt pins.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from exporter import __version__

ROOT: Final = Path(__file__).resolve().parent.parent
BILL: Final = f"kafka-burrow-exporter-{__version__}.cdx.json"
"""What the image installs, as CycloneDX."""


def committed_at() -> str:
    """The time of the last commit, in seconds since 1970."""
    command = ["git", "log", "-1", "--format=%ct"]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()  # noqa: S603


def build(dist: Path, *options: str, time: str) -> None:
    """Builds packages (``--wheel``, ``--sdist``) with that time in them; raises CalledProcessError."""
    # With hashes pip would also ask for one of what pyproject.toml says, which has none.
    pins = re.findall(r"^\S+==\S+", (ROOT / "constraints/build.txt").read_text(), re.MULTILINE)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraint:
        constraint.write("\n".join(pins))
        constraint.flush()
        environment = {**os.environ, "SOURCE_DATE_EPOCH": time, "PIP_CONSTRAINT": constraint.name}
        command = [sys.executable, "-m", "build", "--outdir", str(dist), *options, str(ROOT)]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def write_bill(dist: Path) -> None:
    """Writes the bill of materials; raises CalledProcessError."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(ROOT / "constraints/base.txt")]
    options = ["--output-reproducible", f"--output-file={dist / BILL}"]
    subprocess.run([*command, *options], check=True)  # noqa: S603


def main() -> None:
    """Makes everything, and names it."""
    dist = ROOT / "dist"
    dist.mkdir(exist_ok=True)
    build(dist, "--wheel", "--sdist", time=committed_at())
    write_bill(dist)
    for file in sorted(dist.iterdir()):
        print(file.relative_to(ROOT))


if __name__ == "__main__":
    main()
