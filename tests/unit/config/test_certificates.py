"""Certificates and keys are tried out while the configuration is read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from exporter.config import load
from exporter.schema import ConfigError
from exporter.settings import Settings


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate, its key, the same key encrypted with "secret", and another key."""
    folder = tmp_path_factory.mktemp("pems")
    for command in (
        "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=test",
        "rsa -aes256 -passout pass:secret -in key.pem -out encrypted.pem",
        "genrsa -out other.pem 2048",
    ):
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    return folder


def tls(pems: Path, keys: str) -> Settings:
    path = pems / "kbe.yml"
    path.write_text(f"clusters: {{c: {{bootstrap_servers: 'a:1', tls: {{{keys}}}}}}}")
    return load(str(path), environment={})


@pytest.mark.parametrize(
    "keys",
    [
        "ca_file: cert.pem",
        "cert_file: cert.pem, key_file: key.pem",
        "cert_file: cert.pem, key_file: encrypted.pem, key_password: secret",
    ],
)
def test_certificates_that_openssl_can_use_are_taken(pems: Path, keys: str) -> None:
    (cluster,) = tls(pems, keys).clusters
    assert cluster.tls is not None
    assert str(pems) in str(cluster.tls)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("cert_file: cert.pem, key_file: other.pem", "do not belong together"),
        ("cert_file: cert.pem, key_file: encrypted.pem", "if it is encrypted, give key_password"),
        ("cert_file: cert.pem, key_file: encrypted.pem, key_password: no", "the password does not open it"),
        ("cert_file: cert.pem", "or give key_file"),
        ("ca_file: key.pem", "holds no certificate"),
    ],
)
def test_certificates_that_openssl_cannot_use_are_told(pems: Path, keys: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        tls(pems, keys)
