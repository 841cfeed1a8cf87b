"""Protection of the port: rate limit, headers, authentication, limits on requests."""

from exporter.web.middleware.access import AccessControl
from exporter.web.middleware.guard import Guard

__all__ = ["AccessControl", "Guard"]
