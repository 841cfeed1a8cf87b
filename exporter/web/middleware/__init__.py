"""What every request passes: limits on its size, security headers, rate limit, authentication."""

from exporter.web.middleware.access import AccessControl
from exporter.web.middleware.guard import Guard
from exporter.web.middleware.request_sizes import RequestSizeLimit
from exporter.web.middleware.security_headers import SECURITY_HEADERS, SecurityHeaders

__all__ = ["SECURITY_HEADERS", "AccessControl", "Guard", "RequestSizeLimit", "SecurityHeaders"]
