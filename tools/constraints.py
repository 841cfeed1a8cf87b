"""``python -m tools.constraints`` pins what the image installs: the versions that are installed here, with hashes.

Run in the environment that the tests have just passed in, so that the image holds what was tested. Writes a file for
the exporter alone and one for each extra that has wheels, and one for what builds the package. uv asks the package
index for the hashes of every wheel, so that the files serve all platforms and Python versions.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "constraints"
EXTRAS: Final = {"base": [], "msk": ["--extra=msk"], "zookeeper": ["--extra=zookeeper"]}
"""File → what it holds besides the exporter's own dependencies. GSSAPI has no wheels, so no image of ours has it."""

HEADER: Final = "# Made by `make constraints` from the environment that the tests passed in.\n"


def installed() -> list[str]:
    """Every distribution of this environment as ``name==version``, but the exporter itself."""
    found = {one.name: one.version for one in metadata.distributions() if one.name != "kafka-burrow-exporter"}
    return [f"{name}=={version}" for name, version in sorted(found.items())]


def pin(file: Path, requirements: Path, *options: str) -> None:
    """Writes the requirements with all that they need, pinned and hashed; raises CalledProcessError.

    What the file says already is what uv prefers. It is no constraint, for tools of the tests may need other versions
    than an extra.
    """
    file.write_text("\n".join(installed()))
    command = [sys.executable, "-m", "uv", "pip", "compile", str(requirements), f"--output-file={file}", *options]
    fixed = ["--generate-hashes", "--universal", "--python-version=3.11", "--no-header", "--no-annotate", "--quiet"]
    subprocess.run([*command, *fixed], check=True, cwd=ROOT)  # noqa: S603
    file.write_text(HEADER + file.read_text())


def main() -> None:
    """Writes the files."""
    FOLDER.mkdir(exist_ok=True)
    for name, options in EXTRAS.items():
        pin(FOLDER / f"{name}.txt", ROOT / "setup.cfg", *options)
    with tempfile.NamedTemporaryFile("w", suffix=".in") as builds:
        builds.write("\n".join(tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]))
        builds.flush()
        pin(FOLDER / "build.txt", Path(builds.name))


if __name__ == "__main__":
    main()
