"""`python -m tests.fuzz --seconds N [TARGET ...]`: fuzzes each target for so long, guided by coverage (atheris).

Inputs that reach something new are added to ``build/fuzz/TARGET``; ``--keep`` adds the fewest that reach as much to the
corpus in the repository. An input that fails is written to ``build/fuzz/failed`` and named, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from collections.abc import Sequence

from tests.fuzz.seeds import CORPUS
from tests.fuzz.targets import TARGETS
from tests.support.repository import ROOT

FOUND = ROOT / "build" / "fuzz"
MAX_BYTES = 4096
MAX_MEMORY_MB = 2048
MAX_INPUT_SECONDS = 20
RUN_ONE = "from tests.fuzz.guided import run; run()"


def fuzz(target: str, seconds: int) -> bool:
    """Fuzzes one target in a process of its own; False if it failed."""
    found, failed = FOUND / target, FOUND / "failed"
    for folder in (found, failed):
        folder.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_len={MAX_BYTES}", f"-rss_limit_mb={MAX_MEMORY_MB}", f"-timeout={MAX_INPUT_SECONDS}"]
    print(f"{target}: {seconds} s", flush=True)
    return _run(
        target, f"-max_total_time={seconds}", *limits, f"-artifact_prefix={failed}/{target}-", str(found),
        str(CORPUS / target),
    )  # fmt: skip


def keep(target: str) -> None:
    """Adds what was found, as far as it reaches something that the corpus does not, to the corpus."""
    _run(target, "-merge=1", f"-max_len={MAX_BYTES}", str(CORPUS / target), str(FOUND / target))


def _run(target: str, *arguments: str) -> bool:
    command = [sys.executable, "-c", RUN_ONE, target, "-print_final_stats=1", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def main(arguments: Sequence[str]) -> int:
    """Fuzzes the named targets, or all."""
    parser = argparse.ArgumentParser(prog="tests.fuzz")
    parser.add_argument("--seconds", type=int, default=30, help="for each target")
    parser.add_argument("--keep", action="store_true", help="add what is found to the corpus")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    asked = parser.parse_args(arguments)
    if unknown := set(asked.targets) - set(TARGETS):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if importlib.util.find_spec("atheris") is None:
        print('atheris is missing: pip install --editable ".[fuzz]" (there are wheels for Linux)', file=sys.stderr)
        return 1
    failed = [target for target in asked.targets or TARGETS if not fuzz(target, asked.seconds)]
    if failed:
        print(f"failed: {', '.join(failed)}; the inputs are in {FOUND / 'failed'}", file=sys.stderr)
        return 1
    if asked.keep:
        for target in asked.targets or TARGETS:
            keep(target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
