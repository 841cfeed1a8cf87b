"""What is fuzzed: functions that take any bytes, and that raise only if something is wrong with the exporter."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from kafka.errors import KafkaProtocolError
from kafka.protocol.admin import DescribeGroupsResponse, ListGroupsResponse
from kafka.protocol.consumer import ListOffsetsResponse, OffsetFetchResponse
from kafka.protocol.metadata import MetadataResponse
from starlette.applications import Starlette

from exporter import config
from exporter.core.advance import advance
from exporter.core.evaluation import EvaluationSettings
from exporter.core.history import History, empty
from exporter.core.report import Outcome
from exporter.recording import RecordingError, read, verdict_lines
from exporter.schema import ConfigError
from exporter.settings import Cluster, Settings
from exporter.sources import ClusterUnavailable
from exporter.sources.kafka.fetched_commits import commits_of, read_commits
from exporter.sources.kafka.framing import Framing
from exporter.sources.kafka.members import classic_group, consumer_group
from exporter.sources.kafka.messages import (
    ConsumerGroupDescribeResponse,
    DescribeShareGroupOffsetsResponse,
    ListGroupsRequest,
    StreamsGroupDescribeResponse,
)
from exporter.sources.kafka.share_groups import lags_of
from exporter.sources.kafka.source import KafkaSource
from exporter.sources.kafka.streams_members import streams_group
from exporter.web import config as web_config
from exporter.web.app import make_app
from exporter.web.middleware.passwords import credentials
from exporter.web.names import escaped, name_in_path, unescaped
from tests.support.asking import ask
from tests.support.kafka_responses import (
    OneBroker,
    assigned,
    described,
    describing,
    fetched,
    listing,
    metadata,
    topic,
)
from tests.support.observations import group, observation
from tests.support.outcomes import outcome

Target = Callable[[bytes], None]

DECODED: Final = (
    MetadataResponse,
    ListGroupsResponse,
    OffsetFetchResponse,
    DescribeGroupsResponse,
    ListOffsetsResponse,
)
"""The responses in whose place the target `responses` puts its input; the first byte says which."""

KINDS: Final = ("Metadata", "ListGroups", "OffsetFetch", "DescribeGroups", "ListOffsets")


def configuration(data: bytes) -> None:
    """A configuration file is settings, or mistakes with a line each."""
    _settings_or_mistakes(data, lambda path: config.load(path, environment={}))


def web_configuration(data: bytes) -> None:
    """So is a web configuration file."""
    _settings_or_mistakes(data, web_config.load)


def _settings_or_mistakes(data: bytes, load: Callable[[str], object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "fuzz.yml")
        path.write_bytes(data)
        try:
            load(str(path))
        except ConfigError as error:
            told = error
        else:
            return
        assert len(str(told).splitlines()) == len(told.mistakes) > 0


def recording(data: bytes) -> None:
    """A recording is judged up to its first wrong line."""
    settings = EvaluationSettings()
    histories: dict[str, History] = {}
    with suppress(RecordingError):
        for _, seen in read(data.split(b"\n")):
            before = histories.get(seen.cluster) or empty(settings)
            histories[seen.cluster], report = advance(before, seen, settings)
            for line in verdict_lines(report):
                assert "\n" not in line


def assignments(data: bytes) -> None:
    """What members assign to each other as bytes gives owners, or none for the whole group."""
    _, members = classic_group(described(data))
    assert members is not None
    assert members.owners is None or all(
        isinstance(name, str) and min(partitions, default=0) >= 0 for name, partitions in members.owners.items()
    )


def commits(data: bytes) -> None:
    """Commits that are read straight from the bytes are those that the library reads."""
    mine = read_commits(data)
    if mine is None:
        return
    try:
        theirs = commits_of(OffsetFetchResponse.decode(BytesIO(data), version=9))
    except Exception:
        return  # what the library cannot decode is refused before
    assert mine.groups == theirs.groups
    for column in ("partition", "offset", "error_code"):
        assert getattr(mine, column).tolist() == getattr(theirs, column).tolist()


def framing(data: bytes) -> None:
    """Bytes from a connection are responses, or an error of the protocol; the first byte cuts them into pieces."""
    frames = Framing("fuzz")
    for _ in range(3):
        frames.send_request(ListGroupsRequest(version=4))
    size = (data[0] if data else 0) + 1
    with suppress(KafkaProtocolError):
        for start in range(1, len(data), size):
            frames.receive_bytes(data[start : start + size])


def responses(data: bytes) -> None:
    """A cluster in which one kind of response is the input is observed, or is unavailable."""
    good = _good_responses()
    kind = (data[0] if data else 0) % len(KINDS)
    try:
        decoded = DECODED[kind].decode(data[1:], version=good[KINDS[kind]].API_VERSION)
    except Exception:
        return  # the framing makes an error of the connection of it
    broker = OneBroker(**good | {KINDS[kind]: decoded})
    with patch("exporter.sources.kafka.source.BrokerConnections", lambda _: broker):
        source = KafkaSource(Cluster("c", ("k:1",), members_refresh=0.0))
        with suppress(ClusterUnavailable):
            source.refresh_members(source.observe(10.0))
            source.observe(10.0)


@cache
def _good_responses() -> dict[str, Any]:
    of_topic = ListOffsetsResponse.ListOffsetsTopicResponse
    partition = of_topic.ListOffsetsPartitionResponse(version=5, partition_index=0, error_code=0, offset=42)
    return {
        "Metadata": metadata(1, topics=[topic("t", {0: 1}), topic("__consumer_offsets", {0: 1})]),
        "ListGroups": listing(("g", "Stable", "classic"), ("h", "Empty", "consumer")),
        "OffsetFetch": fetched(("g", 0, {"t": {0: (40, 0)}}), ("h", 0, {"t": {0: (41, 0)}})),
        "DescribeGroups": describing(described(assigned("t", [0]))),
        "ListOffsets": ListOffsetsResponse(version=5, topics=[of_topic(version=5, name="t", partitions=[partition])]),
    }


def newer_groups(data: bytes) -> None:
    """The groups of newer protocols are described, or the response is invalid; the first byte says which protocol."""
    kinds: tuple[tuple[Any, int, Callable[[Any], object]], ...] = (
        (ConsumerGroupDescribeResponse, 0, lambda response: [consumer_group(each) for each in response.groups]),
        (StreamsGroupDescribeResponse, 0, lambda response: [streams_group(each, {"t": 2}) for each in response.groups]),
        (DescribeShareGroupOffsetsResponse, 1, lambda response: lags_of(response, {"t": 2})),
    )
    kind, version, describe = kinds[(data[0] if data else 0) % len(kinds)]
    try:
        response = kind.decode(data[1:], version=version)
    except Exception:
        return  # the framing makes an error of the connection of it
    # What the round of requests takes for an invalid response.
    with suppress(TypeError, ValueError, LookupError, AttributeError):
        describe(response)


def requests(data: bytes) -> None:
    """A request is answered: a first line of method and target, lines of headers, an empty one, the body."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    method, _, target = first.decode("latin-1").partition(" ")
    pairs = (line.partition(b":")[::2] for line in lines)
    headers = {name.decode("latin-1").strip(): value.strip() for name, value in pairs}
    answer = ask(_app(), target.encode("ascii", "ignore").decode() or "/", method or "GET", headers, body)
    assert answer.status < 500 or answer.status == 501, answer
    assert not any(character in value for value in answer.headers.values() for character in "\r\n")


@cache
def _app() -> Starlette:
    return make_app(_Standing(), Settings((Cluster("c", ("localhost:9092",)),)))


class _Standing:
    """A collector in which nothing changes."""

    def __init__(self) -> None:
        self._outcomes = (outcome(observation(0, {"g": group({"t": [1]})}, {"t": [3]})),)

    def collect(self, timeout: float) -> tuple[Outcome, ...]:
        return self._outcomes

    def latest(self) -> tuple[Outcome, ...]:
        return self._outcomes

    def forget(self, *_: str | None) -> None:
        pass


def names(data: bytes) -> None:
    """A name survives its way through a path, and whatever stands in a path or a header is a name or none."""
    text = data.decode("utf-8", "replace")
    assert name_in_path(escaped(text), {text}) == text
    unescaped(data.decode("latin-1"))
    credentials(data.decode("latin-1"))


TARGETS: Final[dict[str, Target]] = {
    each.__name__: each
    for each in (
        configuration, web_configuration, recording, assignments, commits, framing, responses, newer_groups, requests,
        names,
    )
}  # fmt: skip
