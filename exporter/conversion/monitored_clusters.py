"""[cluster.X], with the consumers that watch it → `clusters`."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.conversion.burrow_file import FORMER, BurrowFile, BurrowSection
from exporter.conversion.client_profiles import profile_of, settings_of, write_connection
from exporter.conversion.go_expressions import GroupFilter, both, checked, either
from exporter.conversion.yaml_lines import Block
from exporter.core.evaluation import MAX_ENTRIES
from exporter.quoting import quoted
from exporter.schema import suggestion
from exporter.schema.mistakes import Invalid


def clusters(file: BurrowFile) -> Block:
    """Every cluster, under the name by which Burrow's API and metrics know it."""
    block = Block()
    sections = file.sections("cluster")
    if not sections:
        file.mistake(("cluster",), 'there is no cluster; add [cluster.NAME] with servers=["host:port"]')
    watching = _consumers(file)
    stored = _one_storage(file)
    for section in sections:
        why = []
        if section.name_as_written != section.name:
            why.append(f"Written {quoted(section.name_as_written)}; Burrow's API and metrics have it in lower case.")
        consumers = watching.get(section.name, [])
        block.set(section.name, _cluster(section, consumers, stored), *why)
    return block


def _cluster(section: BurrowSection, consumers: Sequence[BurrowSection], stored: GroupFilter) -> Block:
    block = Block()
    if section.text("class-name", "kafka") != "kafka":
        section.mistake("class-name", "must be kafka; Burrow has no other class of cluster")
    servers = _servers(section)
    block.set("bootstrap_servers", servers)
    profile = profile_of(section)
    write_connection(profile, block)
    of_kafka = [each for each in consumers if _class_of(each) == "kafka"]
    of_zookeeper = [each for each in consumers if _class_of(each) == "kafka_zk"]
    for consumer in of_kafka:
        _note_differences(consumer, servers, profile, block)
    _write_groups(block, of_kafka, of_zookeeper, stored)
    for consumer in of_zookeeper:
        _write_zookeeper(block, consumer, live=consumer is of_zookeeper[0])
    return block


def _consumers(file: BurrowFile) -> dict[str, list[BurrowSection]]:
    """Cluster → the consumers that watch it."""
    watching: dict[str, list[BurrowSection]] = {}
    known = file.section("cluster").values
    for section in file.sections("consumer"):
        if _class_of(section) not in {"kafka", "kafka_zk"}:
            section.mistake("class-name", f"must be kafka or kafka_zk, not {quoted(_class_of(section))}")
        named = section.text("cluster")
        if not named:
            section.mistake("", 'names no cluster; add cluster="NAME", the name of a section [cluster.NAME]')
        elif named.lower() not in known:
            hint = suggestion(named, known) or f"there are {', '.join(map(quoted, known))}"
            section.mistake("cluster", f"there is no section [cluster.{named}]; {hint}")
        watching.setdefault(named.lower(), []).append(section)
    return watching


def _class_of(consumer: BurrowSection) -> str:
    return consumer.text("class-name", "kafka")


def _servers(section: BurrowSection) -> list[str]:
    servers = section.texts("servers")
    if not servers:
        section.mistake("", 'has no servers; add servers=["host:port", "host:port"]')
    return servers


def _note_differences(consumer: BurrowSection, servers: list[str], profile: BurrowSection, block: Block) -> None:
    """Says what a consumer has otherwise than its cluster: here, both are read over the same connections."""
    own = profile_of(consumer)
    if sorted(theirs := consumer.texts("servers")) != sorted(servers):
        block.note(
            f"[consumer.{consumer.name}] connected to other servers: {quoted(', '.join(theirs))}. The exporter reads"
            " groups and topics over the same connections."
        )
    if settings_of(own) != settings_of(profile):
        block.note(
            f"[consumer.{consumer.name}] had another client profile, {quoted(own.name)}. The exporter reads groups and"
            " topics over the same connections: see that this one may describe both."
        )
    named = consumer.text("cluster")
    if named != named.lower():
        block.note(
            f"[consumer.{consumer.name}] has cluster={quoted(named)}, under which Burrow finds none of its groups,"
            " because it lower-cases the names of sections only. Here they are watched."
        )


def _write_groups(
    block: Block,
    of_kafka: Sequence[BurrowSection],
    of_zookeeper: Sequence[BurrowSection],
    stored: GroupFilter,
) -> None:
    filters = {consumer.name: group_filter(consumer) for consumer in [*of_kafka, *of_zookeeper]}
    chosen = [filters[consumer.name] for consumer in of_kafka or of_zookeeper]
    wanted = both(either(chosen), stored) if chosen else stored
    if not of_kafka:
        block.note(
            "Burrow had no consumer of class kafka for this cluster, and so none of Kafka's groups; here are all."
        )
    if len(set(chosen)) > 1:
        block.note("Its consumers have different lists: a group is watched if one of them takes it.")
    if not wanted.exact:
        block.note(
            "The lists of Burrow's consumers and storage cannot all be one expression: more groups than in Burrow are"
            " watched here. See whether `deny` should leave some of them out."
        )
    if of_kafka and any(filters[consumer.name] not in chosen for consumer in of_zookeeper):
        block.note("Groups in ZooKeeper had lists of their own; here those of Kafka's groups hold for both.")
    groups = Block()
    if wanted.allow:
        groups.set("allow", wanted.allow)
    # Without this key, the default would leave some out.
    groups.set("deny", wanted.deny)
    block.set("groups", groups)


def group_filter(section: BurrowSection) -> GroupFilter:
    """The allow and deny lists of a consumer or of the storage, under their names of today or of before."""
    allow, deny = (_expression(section, key) for key in FORMER)
    return GroupFilter(allow, deny)


def _expression(section: BurrowSection, key: str) -> str:
    written = section.former_text(key)
    try:
        return checked(written)
    except Invalid as error:
        section.mistake(key if section.has(key) else FORMER[key], str(error))
        return ""


def _one_storage(file: BurrowFile) -> GroupFilter:
    """The lists of the storage, which hold for every cluster."""
    sections = file.sections("storage")
    return group_filter(sections[0]) if sections else GroupFilter()


def _write_zookeeper(block: Block, consumer: BurrowSection, *, live: bool) -> None:
    """Where groups commit to ZooKeeper; a cluster has one such place, so a second one is a comment."""
    zookeeper = Block()
    zookeeper.set("servers", _servers(consumer))
    zookeeper.set("root", consumer.text("zookeeper-path") or "/")
    if live:
        why = f"[consumer.{consumer.name}]: groups that commit to ZooKeeper. Needs the exporter's extra `zookeeper`."
        block.set("zookeeper", zookeeper, why)
    else:
        why = "a cluster has one place in ZooKeeper, named above"
        block.set_commented_out("zookeeper", zookeeper, f"[consumer.{consumer.name}] is not converted: {why}.")


def evaluation(file: BurrowFile) -> Block:
    """The settings of storage and evaluator, which hold for every cluster."""
    block = Block()
    for storage in _the_only(file, "storage", "inmemory"):
        if storage.has("intervals"):
            _write_intervals(storage, block)
    for evaluator in _the_only(file, "evaluator", "caching"):
        if evaluator.has("allowed-lag"):
            block.set("allowed_lag", int(evaluator.number("allowed-lag")))
        if evaluator.has("minimum-complete"):
            if (share := evaluator.number("minimum-complete")) > 1:
                evaluator.mistake("minimum-complete", "must be a share, from 0 to 1")
            block.set("minimum_complete", share)
    return block


def _the_only(file: BurrowFile, kind: str, its_class: str) -> Sequence[BurrowSection]:
    """The section of a kind of which Burrow takes one."""
    sections = file.sections(kind)
    for section in sections[1:]:
        section.mistake("", f"Burrow takes one section [{kind}.NAME] only; take this one out")
    for section in sections:
        if section.text("class-name", its_class) != its_class:
            section.mistake("class-name", f"must be {its_class}; Burrow has no other class of {kind}")
    return sections[:1]


def _write_intervals(storage: BurrowSection, block: Block) -> None:
    intervals = int(storage.number("intervals"))
    kept = max(1, min(intervals, MAX_ENTRIES))
    why = () if kept == intervals else (f"intervals was {intervals}; at most {MAX_ENTRIES} are kept.",)
    block.set("intervals", kept, "How many commits are kept at least; what is judged is evaluation.window.", *why)
