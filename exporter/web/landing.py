"""The page at the root: what this is, and where to go from here."""

from __future__ import annotations

from html import escape
from typing import Final

from exporter import __version__
from exporter.settings import Settings

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>kafka-burrow-exporter</title>
</head>
<body>
<h1>kafka-burrow-exporter</h1>
<p>Version {version}. Judges Kafka consumer groups by Burrow's rules, once a scrape.</p>
<ul>
<li><a href="{telemetry_path}">Metrics</a></li>
<li><a href="/-/healthy">Health</a></li>
<li><a href="/-/ready">Readiness</a></li>
</ul>
<p>Clusters: {clusters}</p>
</body>
</html>
"""


def page(settings: Settings) -> str:
    """The landing page as HTML."""
    return _PAGE.format(
        version=escape(__version__),
        telemetry_path=escape(settings.web.telemetry_path),
        clusters=escape(", ".join(cluster.name for cluster in settings.clusters)),
    )
