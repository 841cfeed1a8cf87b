"""`python -m tests.matrix [VERSION ...] [--write]`: runs the end-to-end tests of the verdicts on versions of Kafka.

``--write`` records the result in docs/versions.md, failed tests too. Without a version all are run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

from testbed.distribution import CURRENT, OLDER
from tests.support.repository import ROOT
from tools import recorded_tests

VERSIONS = (CURRENT, "4.0.0", OLDER, "3.5.2", "2.8.2")
"""The newest and the oldest 4.x, and of the lines before it those that are still met; 2.8 with its ZooKeeper."""

TESTS = ("test_kafka_groups.py", "test_kafka_lag_seconds.py", "test_kafka_rhythms.py", "test_restart.py")


def run(version: str, chosen: Sequence[str]) -> bool:
    """Runs the tests on one version; False if one failed."""
    print(f"Kafka {version}", flush=True)
    report = ROOT / "build" / f"kafka-{version}.xml"
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *chosen]
    environment = {**os.environ, "KBE_TEST_KAFKA": version}
    environment.pop("KAFKA_BOOTSTRAP_SERVERS", None)
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def main(arguments: Sequence[str]) -> int:
    """Runs the tests on the named versions, or on all."""
    parser = argparse.ArgumentParser(prog="tests.matrix")
    parser.add_argument("versions", nargs="*", metavar="VERSION", help=", ".join(VERSIONS))
    parser.add_argument("--write", action="store_true", help="record the result in docs/versions.md")
    parser.add_argument("-k", metavar="EXPRESSION", help="only these tests, as pytest takes it")
    asked = parser.parse_args(arguments)
    (ROOT / "build").mkdir(exist_ok=True)
    tests = [f"tests/real/{name}" for name in TESTS] + (["-k", asked.k] if asked.k else [])
    versions = asked.versions or VERSIONS
    failed = [version for version in versions if not run(version, tests)]
    if asked.write:
        files = [f"{version}={ROOT / 'build' / f'kafka-{version}.xml'}" for version in versions]
        recorded_tests.main([str(ROOT / "docs/versions.md"), "kafka", *files])
    if failed:
        print(f"failed on Kafka {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
