"""Kafka, read through kafka-python; nothing outside this folder imports it.

The library's admin client raises at the first bad group and goes from broker to broker. So only the
library's messages, event loop and connections (TLS, SASL, versions) are used: all brokers are queried at
once, and every error becomes a `Failure` beside the good responses.
"""

from exporter.sources.kafka.source import KafkaSource

__all__ = ["KafkaSource"]
