"""What of ZooKeeper's nodes is a commit, and what is not."""

from __future__ import annotations

import re

import pytest

from exporter.core.model import NO_OFFSET, NOT_READ, Failure
from exporter.settings import Filter
from exporter.sources.zookeeper.groups import StoredGroups, read_groups, read_members
from exporter.sources.zookeeper.nodes import Unreadable
from tests.support.stored_groups import Tree

ALL = Filter()
LATER = 60.0


def read(tree: Tree, groups: Filter = ALL, topics: Filter = ALL) -> StoredGroups:
    return read_groups(tree, groups, topics, LATER)  # type: ignore[arg-type]


def test_a_commit_is_the_number_in_a_node_and_when_that_was_written() -> None:
    tree = Tree()
    tree.commit("billing", "orders", 42, at=7)
    tree.commit("billing", "orders", 43, at=8, partition=11)
    assert read(tree).groups["billing"].commits == {"orders": {0: (42, 7000), 11: (43, 8000)}}


@pytest.mark.parametrize(
    ("held", "offset"),
    [
        ("-1", NO_OFFSET),
        (" 12\n", 12),
        (2**63 - 1, 2**63 - 1),
        (2**63, NOT_READ),
        ("", NOT_READ),
        ("1_000", NOT_READ),
        ("-2", NOT_READ),
        ('{"offset": 1}', NOT_READ),
        ("\N{ARABIC-INDIC DIGIT ONE}", NOT_READ),
    ],
)
def test_what_is_no_offset_is_unread_and_told(held: object, offset: int) -> None:
    tree = Tree()
    tree.commit("billing", "orders", held)
    found = read(tree)
    assert found.groups["billing"].commits["orders"][0][0] == offset
    assert found.failures == ((Failure("group", "billing", "invalid_offset"),) if offset == NOT_READ else ())


@pytest.mark.parametrize("partition", ["x", "-1", "1.5", "\N{SUPERSCRIPT TWO}", "9" * 10])
def test_a_node_whose_name_is_no_partition_is_no_commit(partition: str) -> None:
    tree = Tree()
    tree.commit("billing", "orders", 42, partition=partition)
    assert read(tree).groups["billing"].commits == {}


def test_denied_groups_and_topics_are_not_asked_about() -> None:
    tree = Tree()
    tree.commit("billing", "orders", 1)
    tree.commit("billing", "audit", 1)
    tree.commit("console-consumer-1", "orders", 1)
    deny = Filter(deny=re.compile("^(console-|audit)"))  # type: ignore[arg-type]
    found = read(tree, deny, deny)
    assert {name: list(group.commits) for name, group in found.groups.items()} == {"billing": ["orders"]}


@pytest.mark.parametrize(
    "path", ["/consumers/a/ids", "/consumers/a/offsets", "/consumers/a/offsets/t", "/consumers/a/offsets/t/0"]
)
def test_a_group_in_which_something_may_not_be_read_is_unread_and_the_others_are_read(path: str) -> None:
    tree = Tree(forbidden={path})
    for group in "ab":
        tree.commit(group, "t", 5)
        tree.register(group, "t", "c")
    found = read(tree)
    assert (set(found.groups), found.unread) == ({"b"}, {"a"})
    assert found.failures == (Failure("group", "a", "not_authorized"),)


@pytest.mark.parametrize(
    ("tree", "reason"), [(Tree(), "no_such_path"), (Tree(forbidden={"/consumers"}), "not_authorized")]
)
def test_a_root_without_consumers_is_a_failure_and_not_a_cluster_without_groups(tree: Tree, reason: str) -> None:
    with pytest.raises(Unreadable) as raised:
        read(tree)
    assert raised.value.reason == reason


def test_only_registered_consumers_are_members_and_their_names_are_owners() -> None:
    tree = Tree()
    tree.commit("by-itself", "t", 5)
    tree.commit("balanced", "t", 5)
    tree.register("balanced", "t", "balanced_host-1-ab-0")
    found = read(tree)
    assert {name: group.consumers for name, group in found.groups.items()} == {"balanced": 1, "by-itself": None}
    members = read_members(tree, found.groups, LATER)  # type: ignore[arg-type]
    assert list(members) == ["balanced"]
    assert members["balanced"].owners is not None
    assert members["balanced"].owners["t"][0].host == "balanced_host-1-ab-0"
