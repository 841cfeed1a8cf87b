"""What every request passes: limits on its size, security headers, rate limit, authentication, no other site."""

from exporter.web.middleware.access import AccessControl
from exporter.web.middleware.guard import Guard
from exporter.web.middleware.other_sites import OtherSites
from exporter.web.middleware.request_sizes import RequestSizeLimit
from exporter.web.middleware.security_headers import SECURITY_HEADERS, SecurityHeaders

__all__ = ["SECURITY_HEADERS", "AccessControl", "Guard", "OtherSites", "RequestSizeLimit", "SecurityHeaders"]
