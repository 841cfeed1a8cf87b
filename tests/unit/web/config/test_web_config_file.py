"""A web configuration file that changes while the port is open."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from exporter.schema import ConfigError
from exporter.web.config import WebConfigFile
from tests.support.certificates import Authority

HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"
TLS = "tls_server_config: {cert_file: server.pem, key_file: server.key"
LOCKED = f"{TLS}, client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert, client_allowed_sans: [a]}}\n"
USERS = f"basic_auth_users: {{alice: {HASH}}}\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    authority = Authority(folder)
    authority.sign("server")
    authority.sign("next")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


def write(folder: Path, text: str) -> None:
    """Put the text in place as a careful editor does: the file is never half there."""
    (folder / "new").write_text(text)
    (folder / "new").replace(folder / "web.yml")


def watched(folder: Path, text: str) -> WebConfigFile:
    write(folder, text)
    return WebConfigFile(str(folder / "web.yml"))


def test_what_changes_is_in_force_the_next_time(folder: Path) -> None:
    watch = watched(folder, USERS)
    assert set(watch.config().users) == {"alice"}
    write(folder, f"basic_auth_users: {{bob: {HASH}}}\nhttp_server_config: {{headers: {{X-Frame-Options: deny}}}}")
    assert set(watch.config().users) == {"bob"}
    assert watch.config().headers == {"X-Frame-Options": "deny"}


def test_a_file_written_over_in_place_is_seen(folder: Path) -> None:
    watch = watched(folder, USERS)
    assert set(watch.config().users) == {"alice"}
    (folder / "web.yml").write_text(USERS.replace("alice", "carol"))
    assert set(watch.config().users) == {"carol"}


def test_a_link_to_another_file_is_seen(folder: Path) -> None:
    """As Kubernetes replaces a mounted secret."""
    for name in ("alice", "bobby"):
        (folder / name).mkdir()
        (folder / name / "web.yml").write_text(USERS.replace("alice", name))
        os.utime(folder / name / "web.yml", (0, 0))
    (folder / "data").symlink_to("alice")
    watch = WebConfigFile(str(folder / "data" / "web.yml"))
    assert set(watch.config().users) == {"alice"}
    (folder / "next-data").symlink_to("bobby")
    (folder / "next-data").replace(folder / "data")
    assert set(watch.config().users) == {"bobby"}


def test_nothing_is_read_while_nothing_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watched(folder, f"{TLS}}}")
    watch.config()

    def fail(*_: object) -> None:
        raise AssertionError("it was read again")

    monkeypatch.setattr("exporter.web.config.web_config_file.load", fail)
    assert watch.context() is watch.context()


def test_a_renewed_certificate_makes_another_context(folder: Path) -> None:
    watch = watched(folder, f"{TLS}}}")
    before = watch.context()
    (folder / "next.pem").replace(folder / "server.pem")
    # Only half of it is there yet: the old one goes on.
    assert watch.context() is before
    (folder / "next.key").replace(folder / "server.key")
    assert watch.context() is not before


@pytest.mark.parametrize("broken", ["", "nonsense", "basic_auth_users:", "basic_auth_users: {alice: x}", "a: [", None])
def test_a_broken_file_is_logged_once_and_what_was_in_force_stays(
    folder: Path, broken: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    watch = watched(folder, USERS)
    if broken is None:
        (folder / "web.yml").unlink()
    else:
        write(folder, broken)
    for _ in range(3):
        assert set(watch.config().users) == {"alice"}
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.getMessage().startswith(
        f"web configuration not reloaded, the previous one stays in effect: {folder / 'web.yml'}"
    )
    write(folder, USERS.replace("alice", "bob"))
    assert set(watch.config().users) == {"bob"}


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        (USERS, "", "basic_auth_users"),
        (USERS, "basic_auth_users: {}", "basic_auth_users"),
        (f"{TLS}}}\n{USERS}", USERS, "tls_server_config"),
        (USERS, f"{TLS}}}\n{USERS}", "tls_server_config"),
        (LOCKED, f"{TLS}}}", "tls_server_config.client_auth_type"),
        (LOCKED, LOCKED.replace("RequireAnd", "Require").replace("RequireVerify", "Verify"), "tls_server_config"),
        (LOCKED, LOCKED.replace(", client_allowed_sans: [a]", ""), "tls_server_config.client_allowed_sans"),
    ],
    ids=["empty", "no users", "no TLS", "TLS", "no certificates", "not all need one", "any name"],
)
def test_no_lock_is_taken_off_while_it_runs(
    folder: Path, before: str, after: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    watch = watched(folder, before)
    held = watch.config()
    assert held.authenticates
    write(folder, after)
    assert watch.config() == held
    assert f": {key}" in caplog.text


def test_a_file_that_was_missing_is_seen_when_it_comes(folder: Path) -> None:
    watch = watched(folder, f"{TLS}}}")
    before = watch.context()
    write(folder, f"{TLS.replace('server.', 'late.')}}}")
    assert watch.context() is before
    (folder / "next.pem").replace(folder / "late.pem")
    (folder / "next.key").replace(folder / "late.key")
    assert watch.context() is not before


def test_a_lock_may_be_put_on_while_it_runs(folder: Path) -> None:
    watch = watched(folder, "{}")
    assert not watch.config().authenticates
    write(folder, USERS)
    assert watch.config().authenticates


def test_a_file_that_cannot_be_used_at_the_start_is_an_error(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"web\.yml:1:1: nonsense: unknown key"):
        watched(folder, "nonsense: 1")


def test_who_has_no_tls_has_no_context(folder: Path) -> None:
    with pytest.raises(LookupError):
        watched(folder, USERS).context()
