"""The clusters of a configuration: those in the file, or the one that flags name."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.config.flags import CLUSTER_NAME, SERVERS, Flag
from exporter.quoting import quoted
from exporter.schema.document import Scalar, Table, inside, merged
from exporter.schema.mistakes import Mistake, Place, suggestion
from exporter.schema.reading import Reading

NAME = "kafka"
"""The cluster's name if only its servers are given."""


def cluster_tables(
    root: Table, defaults: Table, given: Mapping[str, Flag], reading: Reading, *, needed: bool
) -> dict[str, Table]:
    """Name → all settings of the cluster: its own keys over the defaults, the flags over both."""
    node = root.entries.get("clusters")
    listed = reading.table(node, "clusters")
    if node is not None and listed is None:
        return {}
    if listed is not None and "" in listed.entries:
        reading.mistakes.add(Mistake(listed.keys[""], "clusters", "a cluster needs a name"))
    in_file = tuple(listed.entries) if listed is not None else ()
    names, mistake = _names(in_file, given, root, needed=needed)
    if mistake is not None:
        reading.mistakes.add(mistake)

    tables: dict[str, Table] = {}
    for name in names:
        flags = Table(root.place, inside("clusters", name), {}, {})
        if (servers := given.get(SERVERS)) is not None:
            place = Place(servers.origin)
            key = "bootstrap_servers"
            flags = Table(place, flags.path, {key: Scalar(place, "", servers.value)}, {key: place})
        if listed is not None and name in listed.entries:
            own = reading.table(listed.entries[name], quoted(name))
            if own is None:
                continue
            flags = Table(own.place, own.path, flags.entries, flags.keys)
            tables[name] = merged(merged(defaults, own), flags)
        else:
            tables[name] = merged(defaults, flags)
    return tables


def _names(
    in_file: tuple[str, ...], given: Mapping[str, Flag], root: Table, *, needed: bool
) -> tuple[tuple[str, ...], Mistake | None]:
    """The clusters to monitor, and what is wrong with the choice."""
    servers, chosen = given.get(SERVERS), given.get(CLUSTER_NAME)
    if chosen is not None:
        if chosen.value in in_file or (chosen.value.strip() and servers is not None and not in_file):
            return (chosen.value,), None
        return (), Mistake(Place(chosen.origin), "", _why_not(chosen.value, in_file))
    if servers is not None:
        if len(in_file) > 1:
            message = f"which cluster? choose it with --kafka.cluster-name; there are {', '.join(map(quoted, in_file))}"
            return in_file, Mistake(Place(servers.origin), "", message)
        return in_file or (NAME,), None
    return in_file, _no_cluster(root) if needed and not in_file else None


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
