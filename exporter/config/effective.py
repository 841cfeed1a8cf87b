"""The settings in effect in the form of the file, and the reference file, which explains every key."""

from __future__ import annotations

import re
from typing import Any

from exporter.config.loading import DEFAULTS
from exporter.schema.writing import explained, reference_lines, show
from exporter.settings import CLUSTER, SETTINGS, Cluster, Settings

_HEAD = """\
# Every key of kafka-burrow-exporter's configuration, with its default.
#
# Lines that start with "# " are explanations. A key that is commented out without a space (#key: value) has no
# default; its value is an example. Durations are written as 150s, 2m30s, 900ms, or as a number of seconds. Relative
# paths start at the directory of this file. A secret is given as text, as ${NAME} to read it from the environment, or
# with the key ending in _file, which names a file that holds it. `kafka-burrow-exporter check-config` checks a file.
"""


def effective_settings(settings: Settings) -> dict[str, Any]:
    """The settings in the form of the file, ready for YAML or JSON; secrets are hidden, unset values left out."""
    clusters = {cluster.name: show(CLUSTER, cluster) for cluster in settings.clusters}
    return {"clusters": clusters, **show(SETTINGS, settings)}


def reference() -> str:
    """The reference file: every key in its place, explained; loading it gives the defaults."""
    standard = Settings(clusters=(Cluster("kafka", ()),))
    lines = [_HEAD, *explained(CLUSTER.doc), "clusters:", "  kafka:"]
    lines += reference_lines(CLUSTER, standard.clusters[0], indent=4)
    lines += ["", *explained(DEFAULTS.doc), "defaults: {}", ""]
    lines += reference_lines(SETTINGS, standard)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n"
