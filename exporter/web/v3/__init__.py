"""Burrow's HTTP API, as its clients know it. What differs, and why: docs/burrow-compatibility.md."""

from exporter.web.v3.routes import Api

__all__ = ["Api"]
