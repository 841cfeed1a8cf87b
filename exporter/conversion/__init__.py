"""Burrow's configuration → the exporter's, and Alertmanager's for its notifiers: text in, texts out."""

from exporter.conversion.converted import ALERTMANAGER_FILE, WEB_FILE, Converted, convert

__all__ = ["ALERTMANAGER_FILE", "WEB_FILE", "Converted", "convert"]
