"""Kafka's answers, made without a Kafka, and connections on which they come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from kafka.protocol.admin import DescribeGroupsResponse, ListGroupsResponse
from kafka.protocol.consumer import OffsetFetchResponse
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment
from kafka.protocol.metadata import MetadataResponse


class Answers:
    """A round of questions that are answered from a list; an exception in it is raised."""

    def __init__(self, *answers: Any) -> None:
        self.asked: list[Any] = []
        self._answers = list(answers)
        self.connection = self

    async def ask(self, node: object, request: Any) -> Any:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def together(self, questions: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
        return [await question for question in questions]


class OneBroker:
    """A connection to broker 1, which answers each kind of request with what is set for it; exceptions are raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.sent: list[str] = []
        self.timeouts: set[float] = set()

    def run(self, question: Callable[..., Coroutine[Any, Any, Any]], *arguments: object) -> Any:
        return asyncio.run(question(*arguments))

    async def together(self, questions: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
        return [await question for question in questions]

    async def send(self, node: object, request: Any, timeout: float) -> Any:
        kind = type(request).__name__.removesuffix("Request")
        self.sent.append(kind)
        self.timeouts.add(timeout)
        answer = self.answers[kind]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def bootstrap_nodes(self) -> list[int]:
        return [1]

    def learn_brokers(self, metadata: MetadataResponse) -> None:
        pass

    def name(self, node: object) -> str:
        return str(node)

    def close(self) -> None:
        pass


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
    """One classic group of an answer to a DescribeGroups request, with one member."""
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
    """One group of an answer to a DescribeGroups request, with an error code."""
    return DescribeGroupsResponse.DescribedGroup(
        version=5, error_code=code, group_id=name, group_state="", protocol_type="", members=[]
    )
