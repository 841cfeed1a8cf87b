"""Kafka, read through kafka-python; nothing outside this folder imports it.

The library's admin client raises at the first bad group and goes from broker to broker. What is used of the
library is therefore its messages, its event loop and its connections (TLS, SASL, versions); the questions
are asked of all brokers at once, and every error becomes a `Failure` beside the good answers.
"""

from exporter.sources.kafka.source import KafkaSource

__all__ = ["KafkaSource"]
