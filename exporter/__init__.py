"""A Prometheus exporter that judges Kafka consumer groups by Burrow's rules."""

__version__ = "0.1.0"
