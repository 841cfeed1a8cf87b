"""`replay`: the verdicts on a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import click

from exporter.cli.evaluation import evaluation_options
from exporter.cli.failures import BadArguments, BadConfiguration, RunFailed
from exporter.cli.options import variable
from exporter.config import ConfigError, load
from exporter.core.evaluation import Evaluation
from exporter.core.history import History, empty, fold
from exporter.core.model import Observation
from exporter.core.report import Report, report
from exporter.recording import RecordingError, read, verdict_lines


@click.command()
@click.argument("recording", metavar="FILE|-", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--config.file",
    "config_file",
    metavar="FILE",
    help="Configuration file; the `evaluation` of each recorded cluster is taken from it.",
    envvar=variable("--config.file"),
    show_envvar=True,
)
@evaluation_options
def replay(recording: str, config_file: str | None, changed: Callable[[Evaluation], Evaluation]) -> None:
    """Judge a recording with the given settings: a JSON object for each observation and group.

    FILE is what `record` writes, - reads standard input. A flag wins over the configuration file; of a cluster
    that the file does not name its `defaults` hold.
    """
    try:
        settings = load(config_file, clusters_needed=False)
    except ConfigError as error:
        raise BadConfiguration(error) from None
    of_cluster = {cluster.name: changed(cluster.evaluation) for cluster in settings.clusters}
    otherwise = changed(settings.evaluation)

    def evaluation(cluster: str) -> Evaluation:
        return of_cluster.get(cluster, otherwise)

    name = "standard input" if recording == "-" else recording
    try:
        with click.open_file(recording, "rb") as lines:
            seen = (each for _, each in read(lines))
            for judged in reports(seen, evaluation):
                if judged.groups:
                    click.echo("\n".join(verdict_lines(judged, evaluation(judged.cluster))))
    except RecordingError as error:
        raise BadArguments(f"{name}: {error}") from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise RunFailed(f"cannot read {name}: {(error.strerror or str(error)).lower()}") from error


def reports(observations: Iterable[Observation], settings: Callable[[str], Evaluation]) -> Iterator[Report]:
    """The report on each observation, given how each cluster is judged; clusters are kept apart."""
    histories: dict[str, History] = {}
    for seen in observations:
        evaluation = settings(seen.cluster)
        before = histories.get(seen.cluster) or empty(evaluation)
        histories[seen.cluster] = fold(before, seen, evaluation)
        yield report(histories[seen.cluster], seen, evaluation)
