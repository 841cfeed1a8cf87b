"""Checks the programs that the set-up needs on the machine, and installs them or says how to.

Run by the system's Python, so it uses only the standard library.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from testbed.distribution import BROKER, CURRENT, FOR_TESTS, OLDER, FetchError, find

JAVA = 17
DEBIAN_PACKAGES = Path(__file__).with_name("debian-packages.txt")
KERBEROS_PACKAGES = Path(__file__).with_name("kerberos-packages.txt")
SYSTEM_PROGRAMS = "/usr/sbin"
"""Where Debian keeps some of them; only root's PATH has it."""

POLICY = Path("/usr/sbin/policy-rc.d")


class Missing(Exception):
    """Something is missing that is not installed automatically; the message says in one line what to install."""


def java_version(printed: str) -> int | None:
    """The major version in what ``java -version`` prints: 8 of ``"1.8.0_402"``, 17 of ``"17.0.15"``."""
    found = re.search(r'version "(?:1\.)?(\d+)', printed)
    return int(found[1]) if found else None


def require_java() -> None:
    """Checks that a new enough Java is there."""
    hint = f"install Java {JAVA} or newer (Debian: apt-get install openjdk-{JAVA}-jre-headless)"
    java = shutil.which("java")
    if java is None:
        raise Missing(f"Java is missing: {hint}")
    printed = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603
    version = java_version(printed)
    if version is None or version < JAVA:
        raise Missing(f"Java {version or 'of an unknown version'} ({java}) is too old for Kafka: {hint}")


def require_java_compiler() -> None:
    """Checks that Java can compile the testbed's Streams application."""
    java = shutil.which("java") or "java"
    listed = subprocess.run([java, "--list-modules"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    if "jdk.compiler@" not in listed:
        raise Missing(
            f"Java ({java}) has no compiler: install a JDK {JAVA} or newer "
            f"(Debian: apt-get install openjdk-{JAVA}-jdk-headless)"
        )


def require_maven(wanted: Sequence[tuple[str, str]]) -> None:
    """Checks that Maven is there, if any of these artifacts and versions of Kafka still has to be fetched."""
    if all(find(version, artifact=artifact) for artifact, version in wanted) or shutil.which("mvn"):
        return
    raise Missing("Maven is missing: install it (Debian: apt-get install maven)")


def missing_packages(listed: str) -> list[str]:
    """The packages of the list whose commands are not all there."""
    rows = (line.split("#")[0].split() for line in listed.splitlines())
    path = f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_PROGRAMS}"
    return [
        package
        for package, *commands in filter(None, rows)
        if not all(shutil.which(command, path=path) for command in commands)
    ]


def missing_for_kerberos() -> list[str]:
    """The Debian packages that are missing for a key distribution centre, and to compile gssapi."""
    headers = Path(sysconfig.get_path("include"), "Python.h")
    return missing_packages(KERBEROS_PACKAGES.read_text(encoding="utf-8")) + ["python3-dev"] * (not headers.exists())


def missing_for_venv() -> list[str]:
    """The Debian package that this Python lacks to create virtual environments, if it lacks one."""
    return [] if importlib.util.find_spec("ensurepip") else ["python3-venv"]


def install(packages: Sequence[str]) -> None:
    """Installs Debian packages, and starts none of the services that come with them."""
    if not packages:
        return
    names = " ".join(packages)
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise Missing(f"Missing: {names}. Install by 'apt-get install --no-install-recommends {names}', or run as root")
    print(f"Installing Debian packages: {names}", flush=True)
    apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _no_services_started():
        subprocess.run([*apt, "update"], env=environment, stdin=subprocess.DEVNULL, check=False)  # noqa: S603
        done = subprocess.run(  # noqa: S603 - the command is our own
            [*apt, "install", "-y", "--no-install-recommends", *packages],
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    if done.returncode:
        raise Missing(f"apt-get could not install {names} (its output is above); install by hand and try again")


@contextmanager
def _no_services_started() -> Iterator[None]:
    """Keeps Debian's packages from starting services while the context lasts, unless there is a policy already."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def main(arguments: Sequence[str]) -> int:
    """Checks and installs what is named: ``venv``, ``demo``, ``bench``, ``packages`` or ``tests``."""
    try:
        if "venv" in arguments:
            install(missing_for_venv())
        if "demo" in arguments and not os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
            require_java()
            require_maven([(BROKER, CURRENT)])
        if "tests" in arguments:
            require_java()
            require_java_compiler()
            require_maven(FOR_TESTS)
        if "bench" in arguments:
            require_java()
            require_maven([(BROKER, CURRENT), (BROKER, OLDER)])  # the older one brings Burrow's ZooKeeper
        if {"tests", "packages", "bench"} & set(arguments):
            install(missing_packages(DEBIAN_PACKAGES.read_text(encoding="utf-8")))
        if "kerberos" in arguments:
            install(missing_for_kerberos())
    except (Missing, FetchError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
