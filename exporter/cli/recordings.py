"""Reading a recording that is named on the command line."""

from __future__ import annotations

from collections.abc import Iterator

import click

from exporter.cli.command_failures import BadArguments, RunFailed
from exporter.core.model import Observation
from exporter.recording import RecordingError, read


def observations(recording: str) -> Iterator[Observation]:
    """The recorded observations; an error in the file ends the command."""
    name = "standard input" if recording == "-" else recording
    try:
        with click.open_file(recording, "rb") as lines:
            for _, observation in read(lines):
                yield observation
    except RecordingError as error:
        raise BadArguments(f"{name}: {error}") from None
    except OSError as error:
        raise RunFailed(f"cannot read {name}: {(error.strerror or str(error)).lower()}") from error


def recorded_topics(recording: str) -> dict[str, dict[str, frozenset[str]]]:
    """Cluster → group → the topics that it has commits on, anywhere in a recording."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    for observation in observations(recording):
        groups = found.setdefault(observation.cluster, {})
        for name, group in observation.groups.items():
            groups[name] = groups.get(name, frozenset()) | group.commits.keys()
    return found
