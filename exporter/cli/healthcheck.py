"""`healthcheck`: whether a running exporter answers, for container engines and scripts."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final

import click

from exporter.cli.command_failures import BadConfiguration, RunFailed
from exporter.cli.shared_flags import settings_options
from exporter.quoting import quoted
from exporter.schema import ConfigError
from exporter.settings import Settings
from exporter.web import config as web_config
from exporter.web.config.web_config import TlsServer

PATH: Final = "/-/healthy"
TIMEOUT: Final = 4.0
"""In seconds: below the 5 s that engines usually wait for a health check."""

PROGRAMS: Final = frozenset({"kafka-burrow-exporter", "exporter"})
"""As it is installed, and as `python -m` names it."""

ALIVE: Final = frozenset({HTTPStatus.OK, HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS})
"""What an exporter answers that is alive: the check has no password, and a rate limit counts it too."""

EVERYWHERE: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--of-pid", type=click.IntRange(min=1), metavar="PID", help="Take the flags from this process.")
@click.argument("flags", nargs=-1, type=click.UNPROCESSED)
def healthcheck(of_pid: int | None, flags: tuple[str, ...]) -> None:
    """Ask the exporter on this machine whether it is healthy.

    FLAGS are those of serve, and say which port is asked and whether over TLS; --of-pid 1 reads them from the exporter
    that a container has started. Exit code 0 if it is healthy, 1 if not or if it does not answer within 4 s.
    """
    given = flags if of_pid is None else flags_of(Path(f"/proc/{of_pid}/cmdline"))
    _ask.main(list(given), prog_name="kafka-burrow-exporter healthcheck", standalone_mode=False)


def flags_of(command_line: Path) -> Sequence[str]:
    """The flags that a running exporter was started with; raises RunFailed if that process is none."""
    try:
        words = command_line.read_bytes().decode(errors="surrogateescape").split("\0")[:-1]
    except OSError as error:
        raise RunFailed(f"cannot read {command_line}: {(error.strerror or str(error)).lower()}") from None
    program = next((index for index, word in enumerate(words) if Path(word).name in PROGRAMS), None)
    if program is None:
        raise RunFailed(f"{command_line} is not the command line of a kafka-burrow-exporter")
    flags = words[program + 1 :]
    return flags[1:] if flags[:1] == ["serve"] else flags


@click.command()
@settings_options(web=True, clusters_needed=False, logging=False)
def _ask(settings: Settings) -> None:
    """Asks the port of these settings; raises RunFailed if it is not healthy."""
    host, _, port = settings.web.listen_address.rpartition(":")
    host = host.strip("[]")
    tls = _tls(settings.web.config_file)
    connection = _connection(EVERYWHERE.get(host, host), int(port), over_tls=tls is not None)
    try:
        connection.connect()
        if tls is not None and tls.requires_certificate:
            return  # The check has no certificate to show; that the port began a handshake is what it can see.
        connection.request("GET", PATH)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise RunFailed(f"no answer from {quoted(settings.web.listen_address)}: {reason.lower()}") from None
    finally:
        connection.close()
    if status not in ALIVE:
        raise RunFailed(f"not healthy: {quoted(settings.web.listen_address)} answers {status} to {PATH}")


def _tls(web_config_file: str | None) -> TlsServer | None:
    """TLS on the port, if its web configuration has it; ends the command if that file cannot be used."""
    try:
        return web_config.load(web_config_file).tls if web_config_file is not None else None
    except ConfigError as error:
        raise BadConfiguration(error) from None


def _connection(host: str, port: int, *, over_tls: bool) -> http.client.HTTPConnection:
    """A connection to the port. http.client, unlike curl and urllib, never takes a proxy from the environment."""
    if not over_tls:
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    # The certificate names the host as others call it. The check sends no secret, and asks its own machine.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)
