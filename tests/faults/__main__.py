"""Runs the rows of docs/reliability.md: all but the long ones, or those that are named; ``--write`` records them."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from exporter import __version__
from testbed.distribution import CURRENT
from testbed.processes import TestbedError
from tests.faults.documented import write
from tests.faults.row import Row, run
from tests.faults.rows import ROWS
from tests.faults.scene import Scene


def main() -> int:
    """Runs what is asked for; the exit code is 1 if a row did not hold or could not be run."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="the names of rows, or beginnings of them")
    parser.add_argument("--write", action="store_true", help="record the results in docs/reliability.md")
    parser.add_argument("--list", action="store_true", help="only list the rows")
    options = parser.parse_args()
    every = [row for _, rows in ROWS for row in rows]
    wanted = [row for row in every if _wanted(row, options.rows)]
    if options.list:
        print("\n".join(f"{row.name}: {row.done}" for row in every))
        return 0
    if not wanted:
        print("No row has such a name; --list lists them", file=sys.stderr)
        return 2
    failed = _run(wanted)
    if options.write:
        write()
    return 1 if failed else 0


def _wanted(row: Row, names: list[str]) -> bool:
    return any(row.name == name or row.name.startswith(f"{name}-") for name in names) if names else not row.long


def _run(rows: list[Row]) -> bool:
    """Whether any row did not hold. A scene that a row leaves broken is replaced."""
    failed = False
    left = list(rows)
    while left:
        with tempfile.TemporaryDirectory(prefix="faults-") as folder, Scene(Path(folder)) as scene:
            while left:
                row = left.pop(0)
                print(f"{row.name}: {row.done}", flush=True)
                try:
                    result = run(scene, row)
                except TestbedError:
                    failed = True
                    traceback.print_exc()
                    break
                result.save(about())
                failed |= bool(result.breaches)
                print(f"  {result.page}; {result.scrapes} scrapes, the longest {result.longest:.1f} s", flush=True)
                print(
                    f"  right again after {result.again} scrapes; {result.lines} log lines", *result.notes, flush=True
                )
                for rule, (how, count) in result.breaches.items():
                    print(f"  NOT HELD: {rule} ({count} times): {how}", flush=True)
    return failed


def about() -> dict[str, str]:
    """What there is to say about a run."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "load": f"{os.getloadavg()[1]:.0f}",
        "machine": f"{os.cpu_count()} cores, {memory / 2**30:.0f} GiB of memory",
        "kafka": CURRENT,
        "python": platform.python_version(),
        "exporter": __version__,
    }


if __name__ == "__main__":
    sys.exit(main())
