"""`record`: observations of the clusters, as JSON Lines."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import click

from exporter.cli.command_failures import BadArguments, RunFailed
from exporter.cli.evaluation_flags import value_of
from exporter.cli.rounds import Stopped, interruptible, open_sources, rounds
from exporter.cli.shared_flags import settings_options
from exporter.core.model import Observation
from exporter.quoting import one_line, quoted
from exporter.recording import observation_line
from exporter.schema.kinds import duration
from exporter.settings import Settings
from exporter.sources import Source

Write = Callable[[bytes], None]


@click.command()
@click.option("--output", metavar="FILE", help="Append to this file, whole lines only.  [default: standard output]")
@click.option(
    "--interval",
    callback=value_of(duration()),
    metavar="DURATION",
    default="30s",
    show_default=True,
    help="Time from one observation to the next.",
)
@click.option(
    "--count", type=click.IntRange(min=1), metavar="N", help="Stop after this many observations of each cluster."
)
@click.option("--duration", "span", callback=value_of(duration()), metavar="DURATION", help="Stop after this long.")
@settings_options()
def record(settings: Settings, output: str | None, interval: float, count: int | None, span: float | None) -> None:
    """Write observations of the clusters, one JSON object for each cluster and observation, until Ctrl-C.

    `replay` judges the recording. It holds consumer groups, topics and offsets; no message is read. A cluster that
    does not answer is reported on standard error and tried again; exit code 1 if none ever answered.
    """
    sources = open_sources(settings)
    timeout = max(cluster.request_timeout for cluster in settings.clusters)
    with interruptible() as stopped, _opened(output) as write:
        ends = None if span is None else time.monotonic() + span
        written = write_observations(
            sources,
            write,
            interval=interval,
            timeout=timeout,
            count=count,
            stopped=lambda: stopped() or (ends is not None and time.monotonic() >= ends),
        )
        interrupted = stopped()
    if not written and not interrupted:
        raise RunFailed("nothing was recorded: no cluster answered")


def write_observations(
    sources: Mapping[str, Source],
    write: Write,
    *,
    interval: float,
    timeout: float,
    count: int | None = None,
    stopped: Stopped = lambda: False,
) -> int:
    """Writes a line for each observation until stopped, or for ``count`` rounds; returns how many were written."""
    written = 0
    for number, responses in enumerate(rounds(sources, interval=interval, timeout=timeout, stopped=stopped), start=1):
        for name, response in responses.items():
            if isinstance(response, Observation):
                write(observation_line(response).encode("ascii") + b"\n")
                written += 1
            else:
                click.echo(f"cluster {quoted(name)} was not observed: {one_line(str(response))}", err=True)
        if number == count:
            break
    return written


@contextmanager
def _opened(output: str | None) -> Iterator[Write]:
    """A function that writes whole lines to the file or to standard output."""
    if output is None:
        yield _to_standard_output
        return
    try:
        with open(output, "ab+", buffering=0) as file:  # noqa: PTH123 - unbuffered: a line is written at once or not
            if _ends_inside_a_line(file.fileno()):
                raise BadArguments(
                    f"{quoted(output)} ends in an unfinished line; take that line out, or record into another file"
                )
            yield lambda line: _append(file.fileno(), line)
    except OSError as error:
        raise RunFailed(f"cannot write to {quoted(output)}: {(error.strerror or str(error)).lower()}") from error


def _to_standard_output(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def _ends_inside_a_line(file: int) -> bool:
    size = os.fstat(file).st_size
    return size > 0 and os.pread(file, 1, size - 1) != b"\n"


def _append(file: int, line: bytes) -> None:
    """Writes a line; if the disk is full, what was written of it is removed."""
    before = os.fstat(file).st_size
    left = memoryview(line)
    try:
        while left:
            left = left[os.write(file, left) :]
    except OSError:
        with contextlib.suppress(OSError):  # a pipe or device cannot be shortened
            os.ftruncate(file, before)
        raise
