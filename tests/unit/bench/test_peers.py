from __future__ import annotations

from pathlib import Path

import pytest

from tools.bench.peers import PEERS, NotBuilt, build, built, built_burrow


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def sources(tmp_path: Path, name: str) -> Path:
    (tmp_path / "sources" / name).mkdir(parents=True)
    (tmp_path / "sources" / name / "go.mod").write_text("module example.com/peer\n")
    return tmp_path / "sources"


def test_a_peer_without_sources_is_said_to_be_missing_in_one_line(tmp_path: Path) -> None:
    lines = [found for found in built(tmp_path, tmp_path / "programs") if isinstance(found, str)]
    assert [line.split()[0] for line in lines] == [peer.name for peer in PEERS]
    assert all("is not measured: " in line and "\n" not in line for line in lines)
    with pytest.raises(NotBuilt, match=r"Burrow is not measured: .*/Burrow has no Go sources"):
        built_burrow(tmp_path, tmp_path / "programs")


def test_a_peer_is_not_measured_without_the_go_toolchain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotBuilt, match="the Go toolchain is missing"):
        build("kminion", sources(tmp_path, "kminion"), tmp_path / "programs")


def test_a_build_that_fails_says_why_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "go", "echo one >&2; echo 'cannot find module' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    with pytest.raises(NotBuilt, match=r"^kminion is not measured: go build in \S+ failed: cannot find module$"):
        build("kminion", sources(tmp_path, "kminion"), tmp_path / "programs")


def test_a_peer_is_built_where_its_sources_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "go", 'test -f go.mod && echo "$@" > "$3"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    made = build("kminion", sources(tmp_path, "kminion"), tmp_path / "programs")
    assert made == tmp_path / "programs" / "kminion"
    assert made.read_text() == f"build -o {made} .\n"
