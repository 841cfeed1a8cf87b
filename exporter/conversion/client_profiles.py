"""How Burrow connects to a cluster ([client-profile.X] and what it names) → `client_id`, `tls` and `sasl`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from exporter.conversion.burrow_file import BurrowFile, BurrowSection
from exporter.conversion.yaml_lines import Block
from exporter.quoting import quoted
from exporter.schema import suggestion


def write_connection(profile: BurrowSection, into: Block) -> None:
    """The keys of a cluster that say how to connect, written to ``into``."""
    file = profile.file
    if profile.has("client-id"):
        into.set("client_id", profile.text("client-id"))
    iam = _named(profile, "iam")
    if profile.has("tls"):
        _write_tls(file.section("tls", profile.text("tls").lower()), into)
    elif iam is not None:
        into.set("tls", {}, "MSK's listeners for IAM have TLS.")
    if iam is not None:
        _write_iam(iam, into)
    elif (sasl := _named(profile, "sasl")) is not None:
        into.set("sasl", _sasl(sasl))
    if timeout := profile.number("read-timeout"):
        into.set("request_timeout", f"{timeout:g}s")


def profile_of(section: BurrowSection) -> BurrowSection:
    """The client profile that a cluster or a consumer names; an empty one if it names none."""
    name = section.text("client-profile").lower()
    profile = section.file.section("client-profile", name)
    if name and not profile.exists:
        section.mistake("client-profile", _no_section(section.file, "client-profile", name))
    return profile


def settings_of(profile: BurrowSection) -> dict[str, Any]:
    """All that a profile and what it names say about a connection, to compare two profiles."""
    named = {
        kind: dict(profile.file.section(kind, profile.text(kind).lower()).values) for kind in ("tls", "sasl", "iam")
    }
    return {key: value for key, value in {**profile.values, **named}.items() if value}


def _named(profile: BurrowSection, kind: str) -> BurrowSection | None:
    if not profile.has(kind):
        return None
    name = profile.text(kind).lower()
    section = profile.file.section(kind, name)
    if not section.exists:
        profile.mistake(kind, _no_section(profile.file, kind, name))
    return section


def _no_section(file: BurrowFile, kind: str, name: str) -> str:
    hint = suggestion(name, file.section(kind).values) or "add it, or take the key out"
    return f"there is no section [{kind}.{name}]; {hint}"


def _write_tls(tls: BurrowSection, into: Block) -> None:
    block = Block()
    for key, ours in (("cafile", "ca_file"), ("certfile", "cert_file"), ("keyfile", "key_file")):
        if tls.has(key):
            block.set(ours, tls.text(key))
    if tls.has("certfile") != tls.has("keyfile"):
        tls.mistake("", "needs certfile and keyfile, or neither")
    if tls.switch("noverify"):
        block.set(
            "verify_hostname",
            False,
            "noverify: the brokers' host names are not verified. Their certificates are all the same, so ca_file must"
            " name the authority that signed them.",
        )
    why = [] if tls.exists else [f"There is no section [tls.{tls.name}], so Burrow trusted the system's authorities."]
    if any(not path.startswith("/") for path in _paths(tls)):
        why.append("Relative paths start at the directory of this file; Burrow's at where it was started.")
    into.set("tls", block, *why)


def _paths(tls: BurrowSection) -> Iterator[str]:
    return (tls.text(key) for key in ("cafile", "certfile", "keyfile") if tls.has(key))


def _sasl(sasl: BurrowSection) -> Block:
    block = Block()
    mechanism = sasl.text("mechanism").upper() or "PLAIN"
    if mechanism not in {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}:
        sasl.mistake("mechanism", f"{quoted(mechanism)} is none of Burrow's: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512")
    block.set("mechanism", mechanism)
    for key in ("username", "password"):
        write_secret(sasl, key, block, key)
    return block


def write_secret(section: BurrowSection, key: str, into: Block, ours: str) -> None:
    """A secret as text; one that Burrow finds in its environment is named as that variable."""
    if section.has(key):
        text = section.text(key)
        if re.fullmatch(r"\$\{.*\}", text, re.DOTALL):
            message = (
                f"would be read as an environment variable here; put it into a file, and write {ours}_file by hand"
            )
            section.mistake(key, message)
        into.set(ours, text)
        return
    prefix = str(section.file.section("general").values.get("env-var-prefix", "burrow"))
    variable = re.sub(r"[.-]", "_", "_".join((prefix, *section.path, key)).upper())
    into.set(ours, f"${{{variable}}}", "Not in the file; this is the variable that Burrow would read it from.")


def _write_iam(iam: BurrowSection, into: Block) -> None:
    block = Block()
    block.set("mechanism", "AWS_MSK_IAM")
    why = ['Needs pip install "kafka-burrow-exporter[msk]", and from AWS\' own environment or files:']
    for key, setting in (("region", "AWS_REGION"), ("role-arn", "AWS_ROLE_ARN"), ("profile", "AWS_PROFILE")):
        if iam.has(key):
            why.append(f"{setting}={quoted(iam.text(key))}")
    into.set("sasl", block, *why)
