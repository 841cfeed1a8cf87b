"""kafka-python's options for a cluster's settings."""

from __future__ import annotations

import ssl
from typing import Any, Final

from exporter import __version__
from exporter.settings import Cluster, Kerberos, Tls
from exporter.sources.kafka.oauth import ClientCredentials

MAX_RESPONSE_BYTES: Final = 100_000_000
RECONNECT_BACKOFF_MAX_MS: Final = 1000
"""Short, so that the next scrape finds a broker that has come back."""


def client_options(cluster: Cluster) -> dict[str, Any]:
    """kafka-python's options for a cluster's settings. Raises OSError or ssl.SSLError for a bad PEM file."""
    milliseconds = int(cluster.request_timeout * 1000)
    options: dict[str, Any] = {
        "bootstrap_servers": list(cluster.bootstrap_servers),
        "client_id": cluster.client_id,
        "client_software_name": "kafka-burrow-exporter",
        "client_software_version": __version__,
        "request_timeout_ms": milliseconds,
        "socket_connection_setup_timeout_ms": milliseconds,
        "socket_connection_setup_timeout_max_ms": milliseconds,
        "reconnect_backoff_max_ms": RECONNECT_BACKOFF_MAX_MS,
        "receive_message_max_bytes": MAX_RESPONSE_BYTES,
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


def tls_context(tls: Tls) -> ssl.SSLContext:
    """The TLS context for a cluster's brokers. Raises OSError or ssl.SSLError for a bad PEM file."""
    context = ssl.create_default_context(cafile=tls.ca_file)
    context.check_hostname = tls.verify_hostname
    if tls.cert_file:
        context.load_cert_chain(tls.cert_file, tls.key_file, tls.key_password)
    return context
