"""Files of a configuration that are no files: a reload must not hang."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from exporter.config import load
from exporter.schema import ConfigError, bounded_files
from exporter.schema.bounded_files import content_of

SASL = "clusters: {c: {bootstrap_servers: 'a:1', sasl: {mechanism: PLAIN, username: u, password_file: pipe}}}"


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_a_pipe_that_nobody_writes_to_is_waited_for_only_so_long(
    pipe: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bounded_files, "PATIENCE", 0.05)
    (tmp_path / "kbe.yml").write_text(SASL)
    with pytest.raises(ConfigError, match="pipe that is not written and closed"):
        load(str(tmp_path / "kbe.yml"), environment={})
    with pytest.raises(ConfigError, match="pipe that is not written and closed"):
        load(str(pipe), environment={})


def test_what_is_written_to_a_pipe_later_is_read(pipe: Path, tmp_path: Path) -> None:
    writer = threading.Timer(0.05, pipe.write_text, [SASL.replace("_file: pipe", ": p")])
    writer.start()
    assert load(str(pipe), environment={}).clusters[0].sasl is not None
    writer.join()


def test_only_so_much_is_read(pipe: Path) -> None:
    assert content_of(Path("/dev/zero"), 200_000) == bytes(200_000)
    pipe.with_name("file").write_bytes(b"abc")
    assert content_of(pipe.with_name("file"), 2) == b"ab"


def test_a_certificate_which_openssl_reads_by_its_path_must_be_a_regular_file(pipe: Path, tmp_path: Path) -> None:
    (tmp_path / "kbe.yml").write_text(f"clusters: {{c: {{bootstrap_servers: 'a:1', tls: {{ca_file: {pipe}}}}}}}")
    with pytest.raises(ConfigError, match="is not a regular file"):
        load(str(tmp_path / "kbe.yml"), environment={})
