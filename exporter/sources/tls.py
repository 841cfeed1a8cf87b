"""TLS towards the servers that are read."""

from __future__ import annotations

import ssl

from exporter.settings import Tls


def tls_context(tls: Tls) -> ssl.SSLContext:
    """The TLS context for a cluster's servers. Raises OSError or ssl.SSLError for a bad PEM file."""
    context = ssl.create_default_context(cafile=tls.ca_file)
    context.check_hostname = tls.verify_hostname
    if tls.cert_file:
        context.load_cert_chain(tls.cert_file, tls.key_file, tls.key_password)
    return context
