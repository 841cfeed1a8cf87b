"""The status pages: groups worst first, a group, a topic, a cluster, and the exporter's own state."""

from exporter.web.pages.status_pages import routes

__all__ = ["routes"]
