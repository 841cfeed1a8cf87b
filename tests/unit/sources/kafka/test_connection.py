"""How long brokers are waited for, and which are sent no more requests."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from kafka.errors import IncompatibleBrokerVersion, KafkaConnectionError, KafkaTimeoutError

from exporter.settings import Cluster
from exporter.sources import ClusterUnavailable
from exporter.sources.kafka.messages import ListGroupsRequest, MetadataRequest
from exporter.sources.kafka.request_round import NoResponse, RequestRound
from exporter.sources.kafka.source import KafkaSource
from tests.support.kafka_responses import OneBroker, listing


def send(broker: OneBroker, *requests: Any) -> list[str]:
    """Sends the broker one request after the other in one round, and returns why there was no response."""
    request_round = RequestRound(broker, timeout=1.0)  # type: ignore[arg-type]
    reasons, before = [], len(broker.sent)
    for request in requests:
        try:
            asyncio.run(request_round.send(1, request, lambda response: response))
        except NoResponse as failure:
            reasons.append(failure.reason)
    assert request_round.sent.total() == len(broker.sent) - before
    return reasons


@pytest.mark.parametrize(
    ("error", "reason"), [(KafkaTimeoutError(), "timeout"), (KafkaConnectionError(), "connection")]
)
def test_a_broker_that_does_not_respond_is_sent_nothing_more_in_the_same_round(error: Exception, reason: str) -> None:
    broker = OneBroker(ListGroups=error, Metadata=None)
    assert send(broker, ListGroupsRequest(), MetadataRequest(), ListGroupsRequest()) == [reason] * 3
    assert broker.sent == ["ListGroups"]
    send(broker, MetadataRequest())
    assert broker.sent == ["ListGroups", "Metadata"]


def test_a_broker_that_does_not_know_a_request_is_sent_other_requests() -> None:
    broker = OneBroker(Metadata=IncompatibleBrokerVersion(), ListGroups=listing())
    assert send(broker, MetadataRequest(), ListGroupsRequest()) == ["unsupported_version"]
    assert broker.sent == ["Metadata", "ListGroups"]


@pytest.mark.parametrize(("timeout", "waited"), [(6.0, 2.0), (60.0, 5.0)], ids=["a third", "request_timeout"])
def test_a_broker_is_waited_for_so_that_three_waits_fit_into_an_observation(
    timeout: float, waited: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = OneBroker(Metadata=KafkaTimeoutError())
    monkeypatch.setattr("exporter.sources.kafka.source.BrokerConnections", lambda cluster: broker)
    with pytest.raises(ClusterUnavailable):
        KafkaSource(Cluster("c", ("k:1",), request_timeout=5.0)).observe(timeout)
    assert broker.timeouts == {waited}
