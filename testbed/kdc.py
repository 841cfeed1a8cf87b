"""A Kerberos realm of its own: MIT's key distribution centre from Debian, on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from testbed.prerequisites import SYSTEM_PROGRAMS
from testbed.processes import LOOPBACK, Process, TestbedError, free_ports

REALM = "TEST.EXAMPLE"
START_SECONDS = 30.0
ADMIN_SECONDS = 60.0
CLIENTS = """\
[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  # Over TCP, which tells at once that nobody listens.
  udp_preference_limit = 1
[realms]
  {realm} = {{
    kdc = {address}
  }}
"""

CENTRE = """\
[kdcdefaults]
  kdc_listen = {address}
  kdc_tcp_listen = {address}
[realms]
  {realm} = {{
    database_name = {folder}/principals
    key_stash_file = {folder}/stash
    max_life = 1h
  }}
"""


class Kdc(Process):
    """One key distribution centre with an empty database, on a free port of loopback.

    ``configuration`` is what clients need (``krb5.conf``).
    """

    def __init__(self, folder: Path) -> None:
        (port,) = free_ports(1)
        self.configuration = folder / "krb5.conf"
        self._folder, self._port = folder, port
        values = {"realm": REALM, "folder": folder, "address": f"{LOOPBACK}:{port}"}
        centre = folder / "kdc.conf"
        self.configuration.write_text(CLIENTS.format(**values), encoding="utf-8")
        centre.write_text(CENTRE.format(**values), encoding="utf-8")
        self._environment = {
            **os.environ, "KRB5_CONFIG": str(self.configuration), "KRB5_KDC_PROFILE": str(centre)
        }  # fmt: skip
        super().__init__("kdc", [_program("krb5kdc"), "-n"], folder / "kdc.log", env=self._environment)

    def __enter__(self) -> Self:
        self._run("kdb5_util", "create", "-s", "-P", "master")
        return self.start()

    def start(self) -> Self:
        """Starts it, and returns when it can be asked."""
        super().start()
        return self.wait_ready(self._listens, START_SECONDS)

    def keytab(self, principal: str) -> Path:
        """The file with the key of a principal, which is made with a random key if there is none yet."""
        file = self._folder / f"{principal.replace('/', '_')}.keytab"
        if not file.exists():
            self._run("kadmin.local", "addprinc", "-randkey", principal)
            self._run("kadmin.local", "ktadd", "-k", str(file), principal)
        return file

    def client(self, keytab: Path) -> Mapping[str, str]:
        """The environment variables by which a program logs in with such a file."""
        return {
            "KRB5_CONFIG": str(self.configuration),
            "KRB5_CLIENT_KTNAME": f"FILE:{keytab}",
            "KRB5CCNAME": f"FILE:{keytab}.cache",
        }

    def _run(self, program: str, *arguments: str) -> None:
        command = [_program(program), *arguments]
        done = subprocess.run(  # noqa: S603 - the command is our own
            command, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=ADMIN_SECONDS,
        )  # fmt: skip
        if done.returncode:
            raise TestbedError(f"{program} failed\n{done.stdout}{done.stderr}")

    def _listens(self) -> bool:
        try:
            socket.create_connection((LOOPBACK, self._port), 1.0).close()
        except OSError:
            return False
        return True


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_PROGRAMS}")
    if found is None:
        raise TestbedError(f"{name} is missing: install it (Debian: apt-get install krb5-kdc krb5-admin-server)")
    return found
