"""`healthcheck`, asked of an exporter that runs as a process of its own."""

from __future__ import annotations

import socket
from pathlib import Path

import bcrypt
import pytest
from click.testing import CliRunner, Result

from exporter.cli import commands
from exporter.settings import Settings
from exporter.web.app import make_app
from exporter.web.middleware import Guard
from testbed.servers import exporter
from tests.support.certificates import Authority
from tests.support.serving import serving

# Nobody listens there; the exporter starts all the same.
CLUSTERS = {"c": {"bootstrap_servers": "127.0.0.1:1"}}


class Quiet:
    def collect(self, timeout: float | None) -> tuple[()]:
        return ()


def healthcheck(*arguments: object) -> Result:
    return CliRunner().invoke(commands, ["healthcheck", *map(str, arguments)])


def test_a_running_exporter_is_healthy_by_its_flags_and_by_its_process(tmp_path: Path) -> None:
    with exporter(tmp_path, {"clusters": CLUSTERS}) as server:
        for arguments in ([f"--web.listen-address={server.address}"], ["--of-pid", server.pid]):
            result = healthcheck(*arguments)
            assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize("policy", ["NoClientCert", "RequireAndVerifyClientCert"])
def test_it_follows_the_port_to_tls_and_to_client_certificates(tmp_path: Path, policy: str) -> None:
    authority = Authority(tmp_path)
    signed = authority.sign("server", "DNS:exporter.example.com")
    web = tmp_path / "web.yml"
    clients = "" if policy == "NoClientCert" else f", client_ca_file: {authority.cert}"
    server = f"cert_file: {signed.cert}, key_file: {signed.key}, client_auth_type: {policy}{clients}"
    web.write_text(f"tls_server_config: {{{server}}}\n")
    guard = Guard(str(web))
    with serving(make_app(Quiet(), Settings(()), guard=guard), guard.tls()) as port:
        address = f"--web.listen-address=127.0.0.1:{port}"
        assert healthcheck(address, f"--web.config.file={web}").exit_code == 0
        # Without the web configuration it would be asked in the clear, which is no health.
        assert healthcheck(address).exit_code == 1


@pytest.mark.parametrize(
    "protection",
    [
        f"basic_auth_users: {{scrape: '{bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode()}'}}",
        "rate_limit: {interval: 1h, burst: 1}",
    ],
    ids=["a password", "a rate limit"],
)
def test_a_port_that_refuses_the_check_answers_all_the_same(tmp_path: Path, protection: str) -> None:
    web = tmp_path / "web.yml"
    web.write_text(protection)
    with serving(make_app(Quiet(), Settings(()), guard=Guard(str(web)))) as port:
        for _ in range(2):
            assert healthcheck(f"--web.listen-address=127.0.0.1:{port}", f"--web.config.file={web}").exit_code == 0


def test_a_port_that_nobody_listens_on_is_told_in_one_line() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{reserved.getsockname()[1]}"
        result = healthcheck(f"--web.listen-address={address}")
    told = f'kafka-burrow-exporter: no answer from "{address}": connection refused\n'
    assert (result.exit_code, result.stderr) == (1, told)


def test_another_process_is_no_exporter() -> None:
    result = healthcheck("--of-pid", 1)
    assert result.exit_code == 1
    assert (
        result.stderr == "kafka-burrow-exporter: /proc/1/cmdline is not the command line of a kafka-burrow-exporter\n"
    )


def test_a_process_that_is_not_there_is_told_in_one_line() -> None:
    result = healthcheck("--of-pid", 2**22 + 1)
    assert result.exit_code == 1
    assert result.stderr.endswith("/cmdline: no such file or directory\n")
