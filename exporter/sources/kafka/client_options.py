"""kafka-python's options for a cluster's settings."""

from __future__ import annotations

from typing import Any

from exporter import __version__
from exporter.settings import Cluster, Kerberos
from exporter.sources.kafka.oauth import ClientCredentials
from exporter.sources.tls import tls_context


def connection_options(cluster: Cluster) -> dict[str, Any]:
    """kafka-python's options for a cluster's connections. Raises OSError or ssl.SSLError for a bad PEM file."""
    options: dict[str, Any] = {
        "client_id": cluster.client_id,
        "client_software_name": "kafka-burrow-exporter",
        "client_software_version": __version__,
        "request_timeout_ms": int(cluster.request_timeout * 1000),
        # A round pipelines its requests; each has a timer of its own.
        "max_in_flight_requests_per_connection": 100_000,
        "security_protocol": ("SASL_" if cluster.sasl else "") + ("SSL" if cluster.tls else "PLAINTEXT"),
    }
    if cluster.tls:
        options["ssl_context"] = tls_context(cluster.tls)
    if (sasl := cluster.sasl) is not None:
        options["sasl_mechanism"] = sasl.mechanism
        options["sasl_plain_username"] = sasl.username
        options["sasl_plain_password"] = sasl.password
        kerberos = sasl.kerberos or Kerberos()
        options["sasl_kerberos_service_name"] = kerberos.service_name
        options["sasl_kerberos_domain_name"] = kerberos.domain_name
        if sasl.oauth is not None:
            options["sasl_oauth_token_provider"] = ClientCredentials(sasl.oauth, cluster.request_timeout)
    return options
