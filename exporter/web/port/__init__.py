"""The lock on the port: who gets in, how often, and what goes out with every answer."""

from exporter.web.port.door import Door
from exporter.web.port.guard import Guard

__all__ = ["Door", "Guard"]
