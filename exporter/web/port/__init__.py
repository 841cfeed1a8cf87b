"""Protection of the port: rate limit, headers, authentication, limits on requests."""

from exporter.web.port.access import AccessControl
from exporter.web.port.guard import Guard

__all__ = ["AccessControl", "Guard"]
