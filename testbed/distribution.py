"""Apache Kafka's program files: from ``KAFKA_HOME``, or fetched once from Maven Central into a cache outside git.

Uses only the standard library, because the set-up runs it before there is a virtual environment.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

CURRENT = "4.4.0"
OLDER = "3.9.1"
"""The last release line before 4: tests check that its brokers can be read too."""

BROKER = "kafka_2.13"
STREAMS = "kafka-streams"
"""The artifacts in Maven Central: a broker with its tools, and what a Streams application needs."""

FOR_TESTS = ((BROKER, CURRENT), (BROKER, OLDER), (STREAMS, CURRENT))
MEGABYTES = {BROKER: 45, STREAMS: 25}

POM = Path(__file__).with_name("pom.xml")
DOWNLOADED = re.compile(r"\[INFO\] Downloaded from .*/(?P<file>[^/ ]+\.jar) \((?P<size>[^)]+) at ")
SHOWN_ON_FAILURE = 15
NONE: Mapping[str, str] = MappingProxyType({})


class FetchError(Exception):
    """Kafka could not be fetched; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """The jars of one artifact of one Kafka version, with those that it needs."""

    version: str
    jars: tuple[Path, ...]

    def java(
        self,
        main_class: str,
        *arguments: str | Path,
        heap: str = "512m",
        log_level: str = "warn",
        optimized: bool = False,
        properties: Mapping[str, str] = NONE,
    ) -> list[str]:
        """The command that runs one of Kafka's programs.

        Tuned for little memory and a fast start; ``optimized``: its code is compiled as in production. ``properties``:
        Java's own, as ``-D`` sets them.
        """
        return [
            "java",
            *(f"-D{name}={value}" for name, value in properties.items()),
            f"-Xmx{heap}",
            "-XX:+UseSerialGC",
            *([] if optimized else ["-XX:TieredStopAtLevel=1"]),
            f"-Dorg.slf4j.simpleLogger.defaultLogLevel={log_level}",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
            "-cp",
            ":".join(str(jar) for jar in self.jars),
            main_class,
            *(str(argument) for argument in arguments),
        ]


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where downloads are kept: ``KBE_CACHE``, or ``~/.cache/kafka-burrow-exporter``."""
    named = environment.get("KBE_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "kafka-burrow-exporter"


def find(version: str, environment: Mapping[str, str] = os.environ, *, artifact: str = BROKER) -> Distribution | None:
    """The version in ``KAFKA_HOME`` (which stands for the current one) or in the cache; None if neither has it.

    Raises:
        FetchError: ``KAFKA_HOME`` is set but holds no Kafka.
    """
    home = environment.get("KAFKA_HOME")
    if home and version == CURRENT:
        jars = tuple(sorted(Path(home, "libs").glob("*.jar")))
        versions = [jar.stem.removeprefix(f"{artifact}-") for jar in jars if jar.name.startswith(f"{artifact}-")]
        if not versions:
            raise FetchError(f"KAFKA_HOME={home} has no libs/{artifact}-*.jar: unset it, or name an unpacked Kafka")
        return Distribution(versions[0], jars)
    jars = tuple(sorted(_libs(artifact, version, environment).glob("*.jar")))
    return Distribution(version, jars) if jars else None


def fetch(
    version: str = CURRENT, environment: Mapping[str, str] = os.environ, *, artifact: str = BROKER
) -> Distribution:
    """The version as `find` gives it, fetched by Maven if it is not there yet.

    Raises:
        FetchError: it is not there and cannot be fetched.
    """
    found = find(version, environment, artifact=artifact)
    if found is not None:
        return found
    libs = _libs(artifact, version, environment)
    if shutil.which("mvn", path=environment.get("PATH")) is None:
        raise FetchError("Maven is missing: install it (Debian: apt-get install maven), or set KAFKA_HOME")
    print(f"Fetching {artifact} {version} from Maven Central (about {MEGABYTES[artifact]} MB) into {libs}", flush=True)
    # Only a complete download gets the final name, so a folder of that name is complete.
    unfinished = libs.with_name(f"libs.{os.getpid()}")
    try:
        _copy_dependencies(artifact, version, unfinished)
        unfinished.rename(libs)
    except OSError as error:
        if not libs.is_dir():  # otherwise another process was faster
            raise FetchError(f"{libs} cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return Distribution(version, tuple(sorted(libs.glob("*.jar"))))


def _libs(artifact: str, version: str, environment: Mapping[str, str]) -> Path:
    name = "kafka" if artifact == BROKER else artifact
    return cache_folder(environment) / f"{name}-{version}" / "libs"


def _copy_dependencies(artifact: str, version: str, folder: Path) -> None:
    """Lets Maven copy an artifact and its dependencies, and prints each file as it is downloaded."""
    folder.mkdir(parents=True)
    command = ["mvn", "-B", "-f", str(POM), f"-Dkafka.artifact={artifact}", f"-Dkafka.version={version}"]
    command += ["-DincludeScope=runtime"]
    command += [f"-DoutputDirectory={folder}", "dependency:copy-dependencies"]
    lines: list[str] = []
    with subprocess.Popen(  # noqa: S603 - the command is our own
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as maven:
        for line in maven.stdout or ():
            lines.append(line.rstrip())
            downloaded = DOWNLOADED.match(line)
            if downloaded:
                print(f"  {downloaded['file']} ({downloaded['size']})", flush=True)
    if maven.returncode:
        tail = "\n".join(f"  mvn | {line}" for line in lines[-SHOWN_ON_FAILURE:])
        raise FetchError(f"Maven could not fetch {artifact} {version}; is Maven Central reachable?\n{tail}")


def main() -> int:
    """Fetches all that the tests need."""
    try:
        for artifact, version in FOR_TESTS:
            fetch(version, artifact=artifact)
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
