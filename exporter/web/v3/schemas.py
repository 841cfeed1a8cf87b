"""The answers as JSON schemas. Every field is always present, and there are no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from exporter.core.model import Status
from exporter.web.v3 import log_level

Schema = Mapping[str, Any]

STRING: Final[Schema] = {"type": "string"}
BOOLEAN: Final[Schema] = {"type": "boolean"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
COUNT_OR_NULL: Final[Schema] = {"type": ["integer", "null"], "minimum": 0}
SHARE: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1}


def reference(name: str) -> Schema:
    """The schema of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def _object(**fields: Schema) -> Schema:
    """An object of exactly these fields; an underscore in a name stands for the dash in Burrow's."""
    return _record({name.replace("_", "-"): schema for name, schema in fields.items()})


def _record(fields: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": dict(fields),
        "required": list(fields),
        "additionalProperties": False,
    }


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _or_null(schema: Schema) -> Schema:
    return {"oneOf": [schema, {"type": "null"}]}


def _answer(**fields: Schema) -> Schema:
    return _record({"error": {"const": False}, "message": STRING, **fields, "request": reference("Request")})


def _module(**fields: Schema) -> Schema:
    return _answer(module=_object(class_name=STRING, **fields))


_STATUS: Final[Schema] = {"enum": [status.name for status in Status]}

SCHEMAS: Final[Mapping[str, Schema]] = {
    "Request": _object(url=STRING, host=STRING),
    "Error": _record({"error": {"const": True}, "message": STRING, "request": reference("Request")}),
    "Good": {"type": "string", "const": "GOOD"},
    "Ready": {"type": "string", "const": "READY"},
    "Done": _answer(),
    "Description": {"type": "object"},
    "ClusterList": _answer(clusters=_list(STRING)),
    "TopicList": _answer(topics=_list(STRING)),
    "TopicDetail": _answer(offsets=_list(COUNT_OR_NULL)),
    "ConsumerList": _answer(consumers=_list(STRING)),
    "ConsumerDetail": _answer(topics={"type": "object", "additionalProperties": _list(reference("Window"))}),
    "ConsumerStatus": _answer(status=reference("GroupStatus")),
    "Commit": _record({"offset": COUNT, "timestamp": COUNT, "observedAt": COUNT, "lag": COUNT_OR_NULL}),
    "Window": _record(
        {
            "offsets": _list(_or_null(reference("Commit"))),
            "owner": STRING,
            "client_id": STRING,
            "current-lag": COUNT_OR_NULL,
        }
    ),
    "PartitionStatus": _record(
        {
            "topic": STRING,
            "partition": COUNT,
            "owner": STRING,
            "client_id": STRING,
            "status": _STATUS,
            "start": _or_null(reference("Commit")),
            "end": _or_null(reference("Commit")),
            "current_lag": COUNT,
            "complete": SHARE,
        }
    ),
    "GroupStatus": _record(
        {
            "cluster": STRING,
            "group": STRING,
            "status": _STATUS,
            "complete": SHARE,
            "partitions": _list(reference("PartitionStatus")),
            "partition_count": COUNT,
            "maxlag": _or_null(reference("PartitionStatus")),
            "totallag": COUNT,
        }
    ),
    "MainConfiguration": _answer(
        general=_object(pidfile=STRING, stdout_logfile=STRING, access_control_allow_origin=STRING),
        logging=_object(
            filename=STRING,
            max_size=COUNT,
            max_backups=COUNT,
            max_age=COUNT,
            use_local_time=BOOLEAN,
            use_compression=BOOLEAN,
            level=STRING,
        ),
        zookeeper=_object(servers=_list(STRING), timeout=COUNT, root_path=STRING),
        httpserver={
            "type": "object",
            "additionalProperties": _object(address=STRING, tls=STRING, timeout=COUNT),
        },
    ),
    "ModuleList": _answer(coordinator=STRING, modules=_list(STRING)),
    "ClientProfile": _object(
        name=STRING,
        client_id=STRING,
        kafka_version=STRING,
        tls=_or_null(_object(name=STRING, noverify=BOOLEAN, certfile=STRING, keyfile=STRING, cafile=STRING)),
        sasl=_or_null(_object(name=STRING, handshake_first=BOOLEAN, username=STRING)),
    ),
    "StorageModule": _module(intervals=COUNT, min_distance=COUNT, group_allowlist=STRING, expire_group=COUNT),
    "EvaluatorModule": _module(expire_cache=COUNT),
    "ClusterModule": _module(
        servers=_list(STRING), client_profile=reference("ClientProfile"), topic_refresh=COUNT, offset_refresh=COUNT
    ),
    "ConsumerModule": _module(
        cluster=STRING,
        servers=_list(STRING),
        group_allowlist=STRING,
        zookeeper_path=STRING,
        zookeeper_timeout=COUNT,
        client_profile=reference("ClientProfile"),
        offsets_topic=STRING,
        start_latest=BOOLEAN,
    ),
    "LogLevel": _answer(level={"enum": list(log_level.SHOWN.values())}),
    "NewLevel": {
        "type": "object",
        "properties": {"level": {"enum": list(log_level.WORDS)}},
        "required": ["level"],
    },
}
