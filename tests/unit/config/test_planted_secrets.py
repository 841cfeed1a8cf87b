"""A secret that stands in the wrong place, or in the wrong form, is shown nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from exporter.cli import commands
from exporter.config import effective_settings, load

PLANTED = "hunter2"
PEM = f"-----BEGIN PRIVATE KEY-----\\n{PLANTED}\\n-----END PRIVATE KEY-----"
CLUSTER = "clusters: {c: {bootstrap_servers: 'a:1', %s}}\n"
SASL = CLUSTER % "sasl: {mechanism: PLAIN, username: u, %s}"
OAUTH = CLUSTER % "sasl: {mechanism: OAUTHBEARER, oauth: {client_id: c, client_secret: s, token_url: '%s'}}"
"""The URL of a token endpoint."""

WRONG = [
    pytest.param(SASL % f"password: !{PLANTED} x", id="a tag"),
    pytest.param(SASL % f"password: !{PLANTED}!x y", id="the handle of a tag"),
    pytest.param(SASL % f"password: *{PLANTED}", id="an alias"),
    pytest.param(SASL % f"password: &{PLANTED} x, username_file: &{PLANTED} y", id="an anchor twice"),
    pytest.param(SASL % f"password:{PLANTED}", id="no space"),
    pytest.param(SASL % f"password:{PLANTED}: x", id="two colons"),
    pytest.param(SASL % f"password: a,{PLANTED}", id="a comma"),
    pytest.param(SASL % f"password: a,{PLANTED},{PLANTED}", id="a comma and the same twice"),
    pytest.param(SASL % f"password: {{{PLANTED}: x}}", id="a mapping"),
    pytest.param(SASL % f"password: [{PLANTED}]", id="a list"),
    pytest.param(SASL % f"password: '${{{PLANTED} }}'", id="no variable"),
    pytest.param(SASL % f'password: "{PLANTED}\\q"', id="an escape"),
    pytest.param(SASL % f'password_file: "{PEM}"', id="a secret for its file"),
    pytest.param(SASL % f"password_file: {PLANTED * 50}", id="a long secret for its file"),
    pytest.param(CLUSTER % f'tls: {{ca_file: "{PEM}"}}', id="PEM for its file"),
    pytest.param(CLUSTER % f"sasl: {PLANTED}", id="a text for a section"),
    pytest.param(CLUSTER % f"tls: u:{PLANTED}", id="a text for another section"),
    pytest.param(CLUSTER % f"groups: {{overrides: {PLANTED}}}", id="a text for a list"),
    pytest.param(OAUTH % f"ftp://u:{PLANTED}@h/", id="URL of another scheme"),
    pytest.param(OAUTH % f"https://u:{PLANTED}@/", id="URL without a host"),
    pytest.param(OAUTH % f"https://h:x/?{PLANTED}", id="URL without a port"),
    pytest.param(PLANTED, id="nothing but a text"),
    *(
        pytest.param(f"clusters: {{c: {{bootstrap_servers: {servers}}}}}", id=f"servers {servers}")
        for servers in (
            f"sasl://u:{PLANTED}@h",
            f"'u:{PLANTED}@h:9092'",
            f"[u:{PLANTED}@h]",
            f"'a:1,u:x,{PLANTED},y@h:1'",
        )
    ),
]
WRONG_ON_THE_PORT = [
    pytest.param(f"basic_auth_users: {PLANTED}", id="a text for the users"),
    pytest.param(f"basic_auth_users: [{PLANTED}]", id="a list for the users"),
    pytest.param(f"basic_auth_users: {{u: {PLANTED}}}", id="a password for its hash"),
    pytest.param(f"basic_auth_users: {{u:{PLANTED}}}", id="no space"),
    pytest.param(f"basic_auth_users: {{u: x,{PLANTED}}}", id="a comma"),
    pytest.param(f"basic_auth_users: {{u: &{PLANTED} x, v: &{PLANTED} y}}", id="an anchor twice"),
    pytest.param(f"basic_auth_users: {{u: [{PLANTED}]}}", id="a list for a hash"),
    pytest.param(f'tls_server_config: {{cert_file: "{PEM}", key_file: "{PEM}"}}', id="PEM for its files"),
    pytest.param(f"tls_server_config: {{cert: {PLANTED}, key: {PLANTED}}}", id="no PEM"),
    pytest.param(f"tls_server_config: {{key:{PLANTED}}}", id="no space before a key"),
]


@pytest.mark.parametrize("text", WRONG)
def test_a_mistake_in_the_configuration_shows_no_secret(tmp_path: Path, text: str) -> None:
    (tmp_path / "kbe.yml").write_text(text)
    result = CliRunner().invoke(commands, ["check-config", "--config.file", str(tmp_path / "kbe.yml")])
    assert (result.exit_code, result.stdout) == (2, "")
    assert str(tmp_path / "kbe.yml") in result.stderr
    assert PLANTED not in result.stderr


@pytest.mark.parametrize("text", WRONG_ON_THE_PORT)
def test_a_mistake_in_the_web_configuration_shows_no_secret(tmp_path: Path, text: str) -> None:
    (tmp_path / "web.yml").write_text(text)
    flags = ["--kafka.bootstrap-servers=a:1", "--web.config.file", str(tmp_path / "web.yml")]
    result = CliRunner().invoke(commands, ["check-config", *flags])
    assert (result.exit_code, result.stdout) == (2, "")
    assert str(tmp_path / "web.yml") in result.stderr
    assert PLANTED not in result.stderr


def test_a_server_on_the_command_line_with_a_password_is_not_shown() -> None:
    for given in (["--kafka.bootstrap-servers", f"sasl://u:{PLANTED}@h:1"], []):
        environment = {} if given else {"KBE_KAFKA_BOOTSTRAP_SERVERS": f"u:{PLANTED},x@h:1"}
        result = CliRunner().invoke(commands, ["check-config", *given], env=environment)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "TLS and SASL have keys of their own" in result.stderr
        assert PLANTED not in result.stderr


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://{PLANTED}@h:1/t", "https://<hidden>@h:1/t"),
        (f"https://u:{PLANTED}@h/t?key={PLANTED}#{PLANTED}", "https://<hidden>@h/t?<hidden>#<hidden>"),
        ("http://[::1]:1/t", "http://[::1]:1/t"),
    ],
)
def test_the_secrets_in_a_url_are_hidden_where_it_is_shown(tmp_path: Path, url: str, shown: str) -> None:
    (tmp_path / "kbe.yml").write_text(OAUTH % url)
    settings = load(str(tmp_path / "kbe.yml"), environment={})
    effective = effective_settings(settings)
    assert effective["clusters"]["c"]["sasl"]["oauth"]["token_url"] == shown
    assert PLANTED not in json.dumps(effective) + repr(settings)
    result = CliRunner().invoke(commands, ["check-config", "--config.file", str(tmp_path / "kbe.yml")])
    assert result.exit_code == 0
    assert PLANTED not in result.output
