"""Burrow's HTTP API, for its clients. Differences, and why: docs/burrow-compatibility.md."""

from exporter.web.v3.routes import Api

__all__ = ["Api"]
