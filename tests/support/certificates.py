"""Authorities, and certificates that they vouch for, made by openssl."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Signed:
    """A certificate and its key."""

    cert: Path
    key: Path


class Authority:
    """An authority of its own, in a folder of its own."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder = folder
        self.cert = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        # From Python 3.13 on it is asked of an authority that it says what its key is for.
        use = "-addext keyUsage=critical,keyCertSign,cRLSign"
        _openssl(f"req -x509 {NEW} {use} -keyout {self._key} -out {self.cert} -days 2 -subj /CN={name}")

    def sign(self, name: str, *sans: str, days: int = 2, password: str = "") -> Signed:
        """A certificate for these names, written as openssl does: ``DNS:localhost``, ``IP:127.0.0.1``.

        It is valid for so many days from now on; with less than none it has expired. A password encrypts the key.
        """
        signed = Signed(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        request, extensions = self._folder / f"{name}.csr", self._folder / f"{name}.extensions"
        # What the authority signs is none itself; Go's and Python's strict checks want to hear it.
        names = f"subjectAltName={','.join(sans)}\n" if sans else ""
        extensions.write_text(f"basicConstraints=critical,CA:FALSE\n{names}")
        key = NEW.replace("-nodes", f"-passout pass:{password}") if password else NEW
        _openssl(f"req {key} -keyout {signed.key} -out {request} -subj /CN={name}")
        by = f"-CA {self.cert} -CAkey {self._key} -CAcreateserial -extfile {extensions}"
        _openssl(f"x509 -req -in {request} {by} -out {signed.cert} -days {days}")
        return signed


class PortCertificates:
    """The port's certificate and its next one, and those of clients: known ones and a stranger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder)
        for name in ("server", "next"):
            self.authority.sign(name, "IP:127.0.0.1")
        clients, others = Authority(folder, "clients"), Authority(folder, "others")
        sans = ("DNS:prometheus.example", "IP:10.0.0.7", "IP:2001:db8::1", "email:ops@example.com", "URI:spiffe://a/b")
        self.known = clients.sign("known", *sans)
        self.nameless = clients.sign("nameless")
        self.stranger = others.sign("stranger", *sans)

    def context(self, client: Signed | None = None) -> ssl.SSLContext:
        """What a client connects with: it trusts the port's authority, and shows its own certificate if it has one."""
        context = ssl.create_default_context(cafile=self.authority.cert)
        if client is not None:
            context.load_cert_chain(client.cert, client.key)
        return context


NEW = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"


def _openssl(arguments: str) -> None:
    made = subprocess.run(["openssl", *arguments.split()], check=False, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
