"""The web configuration file, in the format of Prometheus' exporter-toolkit: TLS, passwords, headers, a rate limit.

What differs from the toolkit, and why: docs/web-config.md
"""

from exporter.web.config.parsing import load
from exporter.web.config.web_config import Rate, TlsServer, WebConfig
from exporter.web.config.web_config_file import WebConfigFile
from exporter.web.config.web_kinds import Pem

__all__ = ["Pem", "Rate", "TlsServer", "WebConfig", "WebConfigFile", "load"]
