"""One target, driven by atheris, which ends the process."""

from __future__ import annotations

import sys

import atheris


def run() -> None:
    """Fuzzes the target that the first argument names; the others are libFuzzer's."""
    _, name, *arguments = sys.argv
    with atheris.instrument_imports(include=["exporter"]):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - what is imported here is watched
    atheris.Setup(["fuzz", *arguments], TARGETS[name])
    atheris.Fuzz()
