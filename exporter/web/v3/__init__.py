"""Burrow's HTTP API, for its clients. Differences, and why: docs/burrow-compatibility.md."""

from exporter.web.v3.api import Api

__all__ = ["Api"]
