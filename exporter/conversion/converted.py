"""The files that a configuration of Burrow's becomes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.conversion.burrow_file import BurrowFile, BurrowSection
from exporter.conversion.monitored_clusters import clusters, evaluation
from exporter.conversion.not_needed import by_reason, unused
from exporter.conversion.notifiers import alertmanager
from exporter.conversion.toml_places import Path as Names
from exporter.conversion.yaml_lines import Block
from exporter.quoting import one_line, quoted
from exporter.schema.addresses import LISTEN_ADDRESS, ORIGIN
from exporter.schema.inputs import Inputs
from exporter.schema.kinds import Kind
from exporter.schema.mistakes import Invalid

WEB_FILE: Final = "web.yml"
"""The web configuration file, beside the configuration that names it."""

ALERTMANAGER_FILE: Final = "alertmanager.yml"

_LEVELS: Final = {
    "trace": "debug",
    "debug": "debug",
    "info": "info",
    "warn": "warning",
    "warning": "warning",
    "error": "error",
    "dpanic": "error",
    "panic": "error",
    "fatal": "error",
}

_NO_INPUTS: Final = Inputs(Path(), {})


@dataclass(frozen=True, slots=True)
class Converted:
    """The texts of the files: the exporter's configuration, and what goes with it if there is anything to say."""

    exporter: str
    web: str | None
    alertmanager: str | None


def convert(text: str, source: str) -> Converted:
    """What a configuration of Burrow's becomes; ``source`` is its name, for messages and comments.

    Every key is converted, or named in a comment with the reason. Raises `ConfigError` with every mistake.
    """
    file = BurrowFile(text, source)
    web = _web_file(file)
    main = _exporter(file, web is not None)
    notifying = alertmanager(file)
    left = list(unused(file))
    file.check()
    return Converted(
        _document(source, main, _of(left, notifiers=False)),
        None if web is None else _document(source, web, ()),
        None if notifying is None else _document(source, notifying, _of(left, notifiers=True)),
    )


def _document(source: str, block: Block, left: tuple[tuple[Names, str], ...]) -> str:
    head = Block()
    head.note(f"Made from Burrow's configuration {quoted(one_line(source))} by kafka-burrow-exporter convert-config.")
    foot = Block()
    if left:
        foot.note("Of Burrow's configuration, nothing is made of these keys:")
        for reason, keys in by_reason(left).items():
            foot.note(f"* {', '.join(keys)}: {reason}.")
    lines = [*head.lines(), "", *block.lines()]
    return "\n".join([*lines, "", *foot.lines()] if left else lines) + "\n"


def _of(left: list[tuple[Names, str]], *, notifiers: bool) -> tuple[tuple[Names, str], ...]:
    return tuple((path, reason) for path, reason in left if (path[0] == "notifier") == notifiers)


def _exporter(file: BurrowFile, with_web_file: bool) -> Block:
    block = Block()
    block.set("clusters", clusters(file))
    if judging := evaluation(file):
        defaults = Block()
        defaults.set("evaluation", judging)
        block.set("defaults", defaults)
    for evaluator in file.sections("evaluator")[:1]:
        if evaluator.has("expire-cache"):
            collection = Block()
            collection.set("min_interval", f"{evaluator.number('expire-cache'):g}s")
            block.set("collection", collection)
    if web := _web(file, with_web_file):
        block.set("web", web)
    if level := _level(file.section("logging")):
        log = Block()
        log.set("level", level)
        block.set("log", log)
    return block


def _web(file: BurrowFile, with_web_file: bool) -> Block:
    block = Block()
    servers = file.sections("httpserver")
    for server in servers[:1]:
        address = _checked(server, "address", LISTEN_ADDRESS)
        block.set("listen_address", address)
    for server in servers[1:]:
        address = server.text("address")
        server.text("tls")
        block.note(f"[httpserver.{server.name}] is not converted: the exporter has one port, and no {quoted(address)}.")
    if not servers:
        block.set("listen_address", ":8000", "Burrow had no [httpserver.NAME], and took any free port.")
    if with_web_file:
        block.set("config_file", WEB_FILE, "TLS of the port.")
    general = file.section("general")
    if general.has("access-control-allow-origin"):
        origin = general.text("access-control-allow-origin")
        try:
            block.set("access_control_allow_origin", ORIGIN.read(origin, _NO_INPUTS))
        except Invalid:
            block.set_commented_out(
                "access_control_allow_origin",
                f"https://{origin}",
                f"access-control-allow-origin was {quoted(origin)}, which is no origin, so no browser ever accepted"
                " it. Perhaps this was meant:",
            )
    return block


def _checked(section: BurrowSection, key: str, kind: Kind) -> str:
    written = section.text(key)
    try:
        kind.read(written, _NO_INPUTS)
    except Invalid as error:
        section.mistake(key if section.has(key) else "", f"{key}: {error}" if not section.has(key) else str(error))
    return written


def _web_file(file: BurrowFile) -> Block | None:
    """TLS of the port, in the format of Prometheus' exporter-toolkit; None if there is none."""
    for server in file.sections("httpserver")[:1]:
        if not server.has("tls"):
            return None
        tls = file.section("tls", server.text("tls").lower())
        if not (tls.has("certfile") and tls.has("keyfile")):
            server.mistake("tls", f"[tls.{tls.name}] must have certfile and keyfile to serve with")
        block, under = Block(), Block()
        under.set("cert_file", tls.text("certfile"))
        under.set("key_file", tls.text("keyfile"))
        if tls.has("cafile"):
            under.note(
                f"cafile {quoted(tls.text('cafile'))} had no effect on Burrow's port: it asked for no client"
                " certificates. client_ca_file with client_auth_type would."
            )
        if tls.switch("noverify"):
            under.note("noverify had no effect on Burrow's port.")
        block.set("tls_server_config", under)
        return block
    return None


def _level(logging: BurrowSection) -> str:
    level = logging.text("level").lower()
    if level and level not in _LEVELS:
        logging.mistake("level", f"{quoted(level)} is no level; Burrow has {', '.join(_LEVELS)}")
    return _LEVELS.get(level, "")
