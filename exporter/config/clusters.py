"""The clusters of a configuration: those in the file, or the one that flags name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exporter.config.flags import CLUSTER_NAME, SERVERS, Flag
from exporter.quoting import quoted
from exporter.schema.document import Node, Scalar, Table, inside, merged
from exporter.schema.mistakes import Mistake, Place, suggestion

NAME = "kafka"
"""The cluster's name if only its servers are given."""


def with_clusters(root: Table, given: Mapping[str, Flag], *, needed: bool) -> tuple[Table, list[Mistake]]:
    """The file with the clusters to monitor, each with all its settings, and what is wrong with the choice.

    A cluster's own keys are merged over the defaults, the flags over both.
    """
    listed = root.entries.get("clusters", Table(root.place, "clusters", {}, {}))
    if not isinstance(listed, Table):
        return root, []  # the mistake is reported when it is read
    names, mistakes = _names(tuple(listed.entries), given, root, needed=needed)
    defaults = root.entries.get("defaults")
    clusters: dict[str, Node] = {}
    for name in names:
        cluster = listed.entries.get(name, Table(root.place, inside("clusters", name), {}, {}))
        if isinstance(cluster, Table):
            if isinstance(defaults, Table):
                cluster = merged(defaults, cluster)
            if (servers := given.get(SERVERS)) is not None:
                place, key = Place(servers.origin), "bootstrap_servers"
                over = Table(cluster.place, cluster.path, {key: Scalar(place, "", servers.value)}, {key: place})
                cluster = merged(cluster, over)
        clusters[name] = cluster
    keys = {name: listed.keys.get(name, root.place) for name in clusters}
    chosen = Table(listed.place, listed.path, clusters, keys)
    return replace(
        root,
        entries={**root.entries, "clusters": chosen},
        keys={**root.keys, "clusters": root.keys.get("clusters", root.place)},
    ), mistakes


def _names(
    in_file: tuple[str, ...], given: Mapping[str, Flag], root: Table, *, needed: bool
) -> tuple[tuple[str, ...], list[Mistake]]:
    """The clusters to monitor, and what is wrong with the choice."""
    servers, chosen = given.get(SERVERS), given.get(CLUSTER_NAME)
    if chosen is not None:
        if chosen.value in in_file or (chosen.value.strip() and servers is not None and not in_file):
            return (chosen.value,), []
        return (), [Mistake(Place(chosen.origin), "", _why_not(chosen.value, in_file))]
    if servers is not None:
        if len(in_file) > 1:
            message = f"which cluster? choose it with --kafka.cluster-name; there are {', '.join(map(quoted, in_file))}"
            return in_file, [Mistake(Place(servers.origin), "", message)]
        return in_file or (NAME,), []
    return in_file, [_no_cluster(root)] if needed and not in_file else []


def _why_not(name: str, in_file: tuple[str, ...]) -> str:
    """What is wrong with a chosen name."""
    if not name.strip():
        return "is empty; it is the name of a cluster"
    if in_file:
        hint = suggestion(name, in_file) or f"there are {', '.join(map(quoted, in_file))}"
        return f"no cluster {quoted(name)} in the file; {hint}"
    return "a cluster without servers; give --kafka.bootstrap-servers too"


def _no_cluster(root: Table) -> Mistake:
    if root.place.line:
        message = "no cluster to monitor; name one under clusters, or give --kafka.bootstrap-servers HOST:PORT"
        return Mistake(root.place, "", message)
    message = "no cluster to monitor; give --config.file FILE or --kafka.bootstrap-servers HOST:PORT"
    return Mistake(root.place, "", message)
