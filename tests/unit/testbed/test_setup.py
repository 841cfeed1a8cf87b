"""What the set-up finds, installs or asks for."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from testbed import distribution, prerequisites
from testbed.distribution import BROKER, CURRENT, STREAMS, FetchError, cache_folder, fetch, find


def jars_at(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    ("printed", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('java version "1.8.0_402"', 8),
        ("zsh: what?", None),
    ],
)
def test_java_tells_its_major_version(printed: str, major: int | None) -> None:
    assert prerequisites.java_version(printed) == major


def test_a_package_is_missing_if_one_of_its_commands_is() -> None:
    listed = "# comment\nthere sh ls\n\nhalf sh no-such-command  # comment\n"
    assert prerequisites.missing_packages(listed) == ["half"]


@pytest.mark.parametrize("listed", [prerequisites.DEBIAN_PACKAGES, prerequisites.KERBEROS_PACKAGES])
def test_every_listed_package_names_the_commands_that_show_it(listed: Path) -> None:
    rows = [line.split() for line in listed.read_text().splitlines() if not line.startswith("#")]
    assert rows
    assert all(len(row) > 1 for row in rows)


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ([], "Java is missing: install Java 17 or newer (Debian: apt-get install openjdk-17-jre-headless)\n"),
        (["java"], "Maven is missing: install it (Debian: apt-get install maven)\n"),
    ],
)
def test_a_missing_tool_is_told_in_one_line_before_anything_is_installed(
    there: list[str], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "bin"
    path.mkdir()
    for name in there:
        (path / name).write_text("#!/bin/sh\necho 'openjdk version \"17.0.1\"' >&2\n")
        (path / name).chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "testbed.prerequisites", "demo"],
        env={"PATH": str(path), "KBE_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


def test_an_old_java_is_told_with_its_version_and_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(prerequisites.Missing, match=rf"Java 11 \({java}\) is too old for Kafka: install Java 17"):
        prerequisites.require_java()


def test_who_may_not_install_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(prerequisites.Missing, match=r"Missing: a b\. Install by 'apt-get install .* a b'"):
        prerequisites.install(["a", "b"])


def test_maven_is_not_needed_once_kafka_is_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jars_at(tmp_path / f"kafka-{CURRENT}" / "libs", "kafka.jar")
    monkeypatch.setenv("KBE_CACHE", str(tmp_path))
    monkeypatch.delenv("KAFKA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    prerequisites.require_maven([(BROKER, CURRENT)])
    assert fetch(CURRENT, {"KBE_CACHE": str(tmp_path)}).jars == (tmp_path / f"kafka-{CURRENT}" / "libs" / "kafka.jar",)
    with pytest.raises(prerequisites.Missing, match="Maven is missing"):
        prerequisites.require_maven([(BROKER, CURRENT), (STREAMS, CURRENT)])
    jars_at(tmp_path / f"kafka-streams-{CURRENT}" / "libs", "kafka-streams.jar")
    prerequisites.require_maven([(BROKER, CURRENT), (STREAMS, CURRENT)])


@pytest.mark.parametrize(("modules", "told"), [("java.base@17\njdk.compiler@17", False), ("java.base@17", True)])
def test_a_java_without_a_compiler_is_told(
    modules: str, told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\necho '{modules}'\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    expected = (
        pytest.raises(prerequisites.Missing, match=r"has no compiler: install a JDK 17") if told else nullcontext()
    )
    with expected:
        prerequisites.require_java_compiler()


def test_the_cache_is_in_the_home_folder_unless_it_is_named() -> None:
    assert cache_folder({"KBE_CACHE": "/elsewhere"}) == Path("/elsewhere")
    assert cache_folder({}) == Path.home() / ".cache" / "kafka-burrow-exporter"


def test_kafka_home_stands_for_the_current_version_only(tmp_path: Path) -> None:
    jars_at(tmp_path / "libs", "kafka_2.13-4.9.9.jar", "log4j.jar")
    environment = {"KAFKA_HOME": str(tmp_path), "KBE_CACHE": str(tmp_path / "cache")}
    found = find(CURRENT, environment)
    assert found is not None
    assert found.version == "4.9.9"
    assert len(found.jars) == 2
    assert find("3.9.1", environment) is None
    with pytest.raises(FetchError, match=r"has no libs/kafka-streams-"):
        find(CURRENT, environment, artifact=STREAMS)


def test_a_kafka_home_without_kafka_is_told(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"KAFKA_HOME=.* has no libs/kafka_2\.13"):
        find(CURRENT, {"KAFKA_HOME": str(tmp_path)})


def test_a_fetch_that_fails_shows_mavens_words_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maven = tmp_path / "bin" / "mvn"
    maven.parent.mkdir()
    maven.write_text("#!/bin/sh\necho '[ERROR] no route to host'\nexit 1\n")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", str(maven.parent), prepend=":")
    environment = {"PATH": str(maven.parent), "KBE_CACHE": str(tmp_path / "cache")}
    with pytest.raises(FetchError, match=r"is Maven Central reachable\?\n  mvn \| \[ERROR\] no route to host"):
        fetch(CURRENT, environment)
    assert find(CURRENT, environment) is None
    assert [*(tmp_path / "cache").rglob("libs*")] == []


def test_what_maven_copies_counts_only_when_all_of_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_off(_artifact: str, _version: str, folder: Path) -> None:
        jars_at(folder, "first-of-many.jar")
        raise KeyboardInterrupt

    maven = tmp_path / "mvn"
    maven.touch(mode=0o755)
    environment = {"PATH": str(tmp_path), "KBE_CACHE": str(tmp_path)}
    monkeypatch.setattr(distribution, "_copy_dependencies", broken_off)
    with pytest.raises(KeyboardInterrupt):
        fetch(CURRENT, environment)
    assert find(CURRENT, environment) is None
