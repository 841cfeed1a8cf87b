"""The series of one consumer group, as its dashboard asks for them."""

from __future__ import annotations

from tools.dashboards.promql import own

CHOSEN = ('cluster="$cluster"', 'consumer_group="$group"')
TOPIC_CHOSEN = 'topic=~"$topic"'
ROWS_CHOSEN = (*CHOSEN, TOPIC_CHOSEN, 'partition=~"$partition"')
THIS = ("cluster", "consumer_group")
ROW = ("topic", "partition")
ROW_NAME = "{{topic}} / {{partition}}"


def _of_group(name: str) -> str:
    return own(f"burrow_kafka_consumer_{name}", *CHOSEN)


STATUS = _of_group("status")
LAG = _of_group("lag_total")
LAG_SECONDS = _of_group("max_lag_seconds")
BOUND = _of_group("lag_seconds_is_lower_bound")
CATCH_UP = _of_group("catch_up_seconds")
MARGIN = _of_group("retention_margin_ratio")
MEMBERS = _of_group("members")
PARTITIONS = _of_group("partitions")
COMPLETE = _of_group("complete_ratio")
INFO = _of_group("info")
SUBSCRIBED = own("burrow_kafka_consumer_topic_subscribed", *CHOSEN, TOPIC_CHOSEN)
TOPIC_LAG = own("burrow_kafka_consumer_topic_lag", *CHOSEN, TOPIC_CHOSEN)
TOPIC_STATUS = own("burrow_kafka_consumer_topic_status", *CHOSEN, TOPIC_CHOSEN)
ROW_STATUS = own("burrow_kafka_topic_partition_status", *ROWS_CHOSEN)
ROW_LAG = own("burrow_kafka_consumer_partition_lag", *ROWS_CHOSEN)
ROW_LAG_SECONDS = own("burrow_kafka_consumer_partition_lag_seconds", *ROWS_CHOSEN)
ROW_LOST = own("burrow_kafka_consumer_partition_lost_records", *ROWS_CHOSEN)
COMMITTED = own("burrow_kafka_consumer_current_offset", *ROWS_CHOSEN)
END = own("burrow_kafka_topic_partition_offset", CHOSEN[0], *ROWS_CHOSEN[2:])
START = own("burrow_kafka_topic_partition_start_offset", CHOSEN[0], *ROWS_CHOSEN[2:])


def read_by_group(vector: str) -> str:
    """Only the partitions that the group has commits on."""
    return f"{vector} and on (cluster, topic, partition) {COMMITTED}"
