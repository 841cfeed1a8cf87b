"""The protocol messages that are used, including those that kafka-python lacks."""

from kafka.protocol.admin import DescribeGroupsRequest, ListGroupsRequest
from kafka.protocol.api_message import ApiMessage
from kafka.protocol.consumer import ListOffsetsRequest, OffsetFetchRequest
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment
from kafka.protocol.metadata import MetadataRequest, MetadataResponse

_SCHEMAS = "exporter.sources.kafka.schemas"


class ConsumerGroupDescribeRequest(ApiMessage, load_json=_SCHEMAS):  # type: ignore[misc, call-arg]
    """Asks for the members of KIP-848 consumer groups (API 69)."""


class ConsumerGroupDescribeResponse(ApiMessage, load_json=_SCHEMAS):  # type: ignore[misc, call-arg]
    """The members of KIP-848 consumer groups (API 69); kafka-python finds it by its request's number."""


class StreamsGroupDescribeRequest(ApiMessage, load_json=_SCHEMAS):  # type: ignore[misc, call-arg]
    """Asks for the topology and the members of KIP-1071 Streams groups (API 89)."""


class StreamsGroupDescribeResponse(ApiMessage, load_json=_SCHEMAS):  # type: ignore[misc, call-arg]
    """The topology and the members of KIP-1071 Streams groups (API 89)."""


class DescribeShareGroupOffsetsRequest(ApiMessage, load_json=_SCHEMAS):  # type: ignore[misc, call-arg]
    """Asks for the lag of KIP-932 share groups (API 90); version 1, which has it, is that of KIP-1226."""


class DescribeShareGroupOffsetsResponse(ApiMessage, load_json=_SCHEMAS):  # type: ignore[misc, call-arg]
    """The lag of KIP-932 share groups (API 90)."""


__all__ = [
    "ConsumerGroupDescribeRequest",
    "ConsumerGroupDescribeResponse",
    "ConsumerProtocolAssignment",
    "DescribeGroupsRequest",
    "DescribeShareGroupOffsetsRequest",
    "DescribeShareGroupOffsetsResponse",
    "ListGroupsRequest",
    "ListOffsetsRequest",
    "MetadataRequest",
    "MetadataResponse",
    "OffsetFetchRequest",
    "StreamsGroupDescribeRequest",
    "StreamsGroupDescribeResponse",
]
