"""Kafka's responses, made without a Kafka, and connections on which they come."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any
from uuid import UUID

from kafka.errors import IncompatibleBrokerVersion, UnknownBrokerIdError
from kafka.protocol.admin import DescribeGroupsResponse, ListGroupsResponse
from kafka.protocol.consumer import OffsetFetchResponse
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment
from kafka.protocol.metadata import MetadataResponse


class PreparedRound:
    """A round of requests whose responses come from a list; an exception in it is raised."""

    def __init__(self, *responses: Any) -> None:
        self.sent: list[Any] = []
        self._responses = list(responses)
        self.connections = self

    async def send(
        self, node: object, request: Any, read: Callable[[Any], Any], *, has_alternative: bool = False
    ) -> Any:
        self.sent.append(request)
        response = self._responses.pop(0)
        if isinstance(response, Exception):
            raise response
        return read(response)

    async def gather(self, coroutines: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
        return [await coroutine for coroutine in coroutines]

    def bootstrap_nodes(self) -> list[int]:
        return [1]


class Brokers:
    """Connections to brokers whose responses to each kind of request are set, by node.

    An exception is raised; a function is called with the request. Other kinds are not known to the broker.
    """

    def __init__(self, responses: Mapping[int, dict[str, Any]]) -> None:
        self.of_node = responses
        self.sent: list[str] = []
        self.timeouts: set[float] = set()
        self.disconnected: list[object] = []

    def run(self, function: Callable[..., Coroutine[Any, Any, Any]], *arguments: object) -> Any:
        return asyncio.run(function(*arguments))

    async def gather(self, coroutines: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
        return [await coroutine for coroutine in coroutines]

    async def send(self, node: int, request: Any, timeout: float) -> Any:
        kind = type(request).__name__.removesuffix("Request")
        self.sent.append(kind)
        self.timeouts.add(timeout)
        if node not in self.of_node:
            raise UnknownBrokerIdError(node)
        response = self.of_node[node].get(kind, IncompatibleBrokerVersion())
        if isinstance(response, Exception):
            raise response
        return response(request) if inspect.isfunction(response) else response

    def bootstrap_nodes(self) -> list[int]:
        return list(self.of_node)

    async def first(self, attempts: Iterable[Callable[[], Coroutine[Any, Any, Any]]], seconds: float) -> Any:
        for attempt in attempts:
            if (result := await attempt()) is not None:
                return result
        return None

    def disconnect(self, node: object) -> None:
        self.disconnected.append(node)

    def learn_brokers(self, metadata: MetadataResponse) -> None:
        pass

    def name(self, node: object) -> str:
        return str(node)

    def close(self) -> None:
        pass


class OneBroker(Brokers):
    """The connection to broker 1."""

    def __init__(self, **responses: Any) -> None:
        self.responses = responses
        super().__init__({1: self.responses})


def topic(name: str, leaders: Mapping[int, int], error_code: int = 0, id_: int = 7) -> Any:
    """One topic of a Metadata response: partition id → leader, -1 without one."""
    topic_class = MetadataResponse.MetadataResponseTopic
    return topic_class(
        version=12,
        name=name,
        error_code=error_code,
        topic_id=UUID(int=id_),
        partitions=[
            topic_class.MetadataResponsePartition(version=12, partition_index=number, leader_id=leader, error_code=0)
            for number, leader in leaders.items()
        ],
    )


def metadata(*nodes: int, topics: Iterable[Any] = ()) -> MetadataResponse:
    return MetadataResponse(version=12, brokers=brokers(*nodes), topics=list(topics))


def absent(code: int) -> Callable[[Any], Any]:
    """Describes every requested group with this error code."""
    return lambda request: describing(*(refused(name, code) for name in request.groups))


def brokers(*nodes: int) -> list[Any]:
    return [MetadataResponse.MetadataResponseBroker(version=12, node_id=node, host="h", port=1) for node in nodes]


def listing(*groups: tuple[str, str, str], error_code: int = 0) -> ListGroupsResponse:
    listed = [
        ListGroupsResponse.ListedGroup(
            version=5, group_id=name, protocol_type="consumer", group_state=state, group_type=type_
        )
        for name, state, type_ in groups
    ]
    return ListGroupsResponse(version=5, error_code=error_code, groups=listed)


def fetched(*groups: tuple[str, int, dict[str, dict[int, tuple[int, int]]]], version: int = 9) -> OffsetFetchResponse:
    """Per group its error code, and topic → partition → (offset, error code)."""
    group_class = OffsetFetchResponse.OffsetFetchResponseGroup
    topic_class = group_class.OffsetFetchResponseTopics
    partition_class = topic_class.OffsetFetchResponsePartitions
    return OffsetFetchResponse(
        version=version,
        groups=[
            group_class(
                version=version,
                group_id=name,
                error_code=code,
                topics=[
                    topic_class(
                        version=version,
                        name=topic,
                        partitions=[
                            partition_class(
                                version=version, partition_index=number, committed_offset=offset, error_code=error
                            )
                            for number, (offset, error) in partitions.items()
                        ],
                    )
                    for topic, partitions in topics.items()
                ],
            )
            for name, code, topics in groups
        ],
    )


def described(assignment: bytes, protocol: str = "consumer", name: str = "g") -> Any:
    """One classic group of a DescribeGroups response, with one member."""
    member_class = DescribeGroupsResponse.DescribedGroup.DescribedGroupMember
    member = member_class(
        version=5, member_id="m", client_id="me", client_host="/h", member_metadata=b"", member_assignment=assignment
    )
    return DescribeGroupsResponse.DescribedGroup(
        version=5, error_code=0, group_id=name, group_state="Stable", protocol_type=protocol, members=[member]
    )


def assigned(topic: str, partitions: list[int]) -> bytes:
    """What a classic consumer is assigned, as Kafka encodes it."""
    part = ConsumerProtocolAssignment.TopicPartition
    assignment = ConsumerProtocolAssignment(
        version=1, assigned_partitions=[part(version=1, topic=topic, partitions=partitions)], user_data=None
    )
    return bytes(assignment.encode())


def describing(*groups: Any) -> DescribeGroupsResponse:
    return DescribeGroupsResponse(version=5, groups=list(groups))


def refused(name: str, code: int) -> Any:
    """One group of a DescribeGroups response, with an error code."""
    return DescribeGroupsResponse.DescribedGroup(
        version=5, error_code=code, group_id=name, group_state="", protocol_type="", members=[]
    )
