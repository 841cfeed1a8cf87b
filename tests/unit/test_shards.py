"""Several exporters share the groups of a cluster: together they are one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config import Flag, load
from exporter.core.model import Observation
from exporter.metrics import Pages
from exporter.metrics.catalogue import CLUSTER_FAMILIES
from exporter.settings import Cluster, Groups, Settings, Shard
from exporter.sources.kafka.coordinated_groups import read_coordinator
from exporter.web.app import make_app
from tests.support.asking import ask
from tests.support.burrow_api import Known
from tests.support.kafka_responses import PreparedRound, fetched, listing
from tests.support.observations import group, observation
from tests.support.outcomes import outcome

MINIMAL = "clusters: {c: {bootstrap_servers: 'a:1', groups: {deny: '^test-'}}}\n"
GROUPS = [f"group-{number}" for number in range(40)]


def seen(groups: list[str] = GROUPS) -> Observation:
    ends = {"t": [9, 9, 9], "unread": [4]}
    commits = {name: group({"t": [number % 10, 9, 3]}) for number, name in enumerate(GROUPS)}
    return observation(0, {name: commits[name] for name in groups}, ends, brokers=3)


def of_shard(shard: Shard) -> Settings:
    return Settings((Cluster("c", ("a:1",), groups=Groups(shard=shard)),), shard=shard)


def lines(settings: Settings) -> set[str]:
    """The page on what such an exporter reads, without what is about the exporter itself."""
    (cluster,) = settings.clusters
    read = outcome(seen([name for name in GROUPS if cluster.groups.admits(name)]))
    page = b"".join(Pages(settings).page((read,), deadline=1.0).pieces).decode()
    return {line for line in page.splitlines() if line.startswith("burrow_kafka_")}


@given(st.text(), st.integers(1, 20))
def test_each_group_is_held_by_exactly_one_shard(name: str, count: int) -> None:
    shards = [Shard(count, index) for index in range(count)]
    assert [shard.index for shard in shards if shard.holds(name)] == [shards[0].of(name)]


def test_a_group_stays_with_its_shard_from_one_version_to_the_next() -> None:
    # CRC-32, by the example that its specifications give.
    assert [Shard(count).of("123456789") for count in (2, 3, 16)] == [0xCBF43926 % count for count in (2, 3, 16)]


def test_groups_are_spread_evenly() -> None:
    counts = Counter(Shard(8).of(f"billing-service-{number}") for number in range(8000))
    assert min(counts.values()) > 900
    assert max(counts.values()) < 1100


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_the_union_of_all_shards_is_the_page_of_one_exporter(count: int) -> None:
    pages = [lines(of_shard(Shard(count, index))) for index in range(count)]
    whole = lines(of_shard(Shard()))
    assert set().union(*pages) == whole
    # Nothing twice, except that each says for itself whether it could read the cluster.
    assert Counter(line for page in pages for line in page) - Counter(whole) == Counter(
        {'burrow_kafka_cluster_up{cluster="c"} 1.0': count - 1}
    )


def test_what_is_not_about_a_group_is_exported_by_the_first_shard_only() -> None:
    first, second = (lines(of_shard(Shard(2, index))) for index in range(2))
    assert any(line.startswith("burrow_kafka_topic_partition_offset") for line in first)
    assert any(line.startswith("burrow_kafka_cluster_brokers") for line in first)
    named = {line.split("{")[0] for line in second if "consumer_group=" not in line}
    assert named == {"burrow_kafka_cluster_up"}


def test_every_family_is_of_groups_or_of_the_exporter_or_exported_once() -> None:
    for_itself = {"burrow_kafka_cluster_up", "burrow_kafka_topic_partition_last_stable_offset"}
    for family in CLUSTER_FAMILIES:
        of_groups = {"consumer_group", "share_group"} & set(family.labels)
        own = family.name.startswith("burrow_exporter_") or family.name in for_itself
        assert family.once is not bool(of_groups or own), family.name


def test_commits_are_fetched_only_of_the_groups_of_the_shard() -> None:
    fetched_groups = []
    for index in range(3):
        mine = Groups(shard=Shard(3, index))
        requests = PreparedRound(
            listing(*((name, "Stable", "classic") for name in GROUPS)),
            fetched(*((name, 0, {"t": {0: (1, 0)}}) for name in GROUPS if mine.admits(name))),
        )
        asyncio.run(read_coordinator(requests, 1, mine, {"t": 1}))  # type: ignore[arg-type]
        fetched_groups.append({group.group_id for group in requests.sent[1].groups})
    assert sorted(name for names in fetched_groups for name in names) == sorted(GROUPS)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Settings]:
    def read(*given: tuple[str, str], text: str = MINIMAL) -> Settings:
        (tmp_path / "kbe.yml").write_text(text)
        return load(str(tmp_path / "kbe.yml"), [Flag(f"shard.{key}", value, f"--shard.{key}") for key, value in given])

    return read


def test_the_index_may_be_the_name_of_a_pod(read: Callable[..., Settings]) -> None:
    settings = read(("count", "3"), ("index", "kafka-burrow-exporter-2"))
    assert settings.shard == Shard(3, 2)
    (cluster,) = settings.clusters
    assert cluster.groups.shard == Shard(3, 2)
    held = [name for name in GROUPS if cluster.groups.admits(name)]
    assert held == [name for name in GROUPS if Shard(3, 2).holds(name)]
    assert not any(cluster.groups.admits(f"test-{name}") for name in GROUPS)


def test_the_file_may_say_it_too(read: Callable[..., Settings]) -> None:
    assert read(text=MINIMAL + "shard: {count: 4, index: 1}\n").shard == Shard(4, 1)


def test_the_page_says_which_shard_it_is_from() -> None:
    page = b"".join(Pages(of_shard(Shard(3, 1))).page((outcome(seen()),), deadline=1.0).pieces).decode()
    assert '\nburrow_exporter_shards{shard="1"} 3.0\n' in page


def test_the_status_pages_say_which_groups_they_have_and_where_another_is() -> None:
    shard = Shard(2, 0)
    elsewhere = next(name for name in GROUPS if not shard.holds(name))
    app = make_app(Known(outcome(seen([name for name in GROUPS if shard.holds(name)]))), of_shard(shard))
    assert "This exporter is shard 0 of 2" in ask(app, "/").text
    answer = ask(app, f"/clusters/c/groups/{elsewhere}")
    assert answer.status == 404
    assert "Groups of this name are those of shard 1" in answer.text
    alone = make_app(Known(outcome(seen())), replace(of_shard(Shard())))
    assert "This exporter is" not in ask(alone, "/").text
