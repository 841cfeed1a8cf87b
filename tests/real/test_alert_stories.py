"""Stories from a consumer to the people who are called, with nothing faked but the web hooks of Slack and PagerDuty.

The shipped alerts run ten times as fast (`testbed.alerting`), so a minute of life, M, is six seconds here. All stories
are played at the same time. Each is told to two receivers: one that a single Prometheus reports to, and one that a pair
of replicas reports to. See `testbed.alert_stage`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from testbed.alert_stage import PARTITIONS, Spell, Stage, staged
from testbed.alerting import ROOT, ROUTING_KEY, SCALE
from testbed.behaviours import Behaviour
from testbed.broker import Cluster
from testbed.kafka import Kafka
from testbed.members import ClassicMember, ConfluentMember
from testbed.receiver import PAGERDUTY, SLACK, Message
from testbed.servers import get
from testbed.timelines import Played, Timeline, at, between, by, keep, play, want

pytestmark = pytest.mark.real

M = 60 / SCALE
SCRAPE = M / 2
STALLED, FALLING_BEHIND, LAG_HIGH = (f"KafkaConsumerGroup{name}" for name in ("Stalled", "FallingBehind", "LagHigh"))
SHOP, WAREHOUSE = "shop", "warehouse"
A_MESSAGE_WOULD_HAVE_COME = 3 * M
"""Alertmanager speaks of a group again after two minutes at most; before the first time it waits half a minute."""


def well(stage: Stage, group: str) -> Callable[[], bool]:
    """Whether the group is at OK, judged over a whole window."""
    selector = f'{{consumer_group="{group}"}}'
    return lambda: stage.holds(
        f"burrow_kafka_consumer_status{selector} == 1 and burrow_kafka_consumer_complete_ratio{selector} == 1"
    )


def a_consumer_stalls_and_recovers(stage: Stage) -> Timeline:
    group = stage.group("orders")
    consumer = stage.consumer(SHOP, group, ConfluentMember)
    subject = f"STALL: {group} on {SHOP}"
    slack, pages = [f"[FIRING] {subject}"], [f"trigger {subject}"]
    yield want(by(8 * M), "the group is well", well(stage, group))

    yield at(0, "the consumer stalls", lambda: consumer.turn(Behaviour.STALLED))
    yield want(by(8 * M), "the alert is pending", lambda: stage.in_state("pending", STALLED, group))
    assert stage.heard(group, [], [])
    # A window of two minutes, the alert's two, Alertmanager's half.
    yield want(between(4 * M, 12 * M), "one message and one page", lambda: stage.heard(group, slack, pages))
    yield keep(A_MESSAGE_WOULD_HAVE_COME, "there is no second one", lambda: stage.heard(group, slack, pages))

    slack, pages = [*slack, f"[RESOLVED] {subject}"], [*pages, f"resolve {subject}"]
    yield at(0, "the consumer goes on", lambda: consumer.turn(Behaviour.HEALTHY))
    yield want(by(4 * M), "the group is well", well(stage, group))
    # The alert goes on firing for five minutes without its reason.
    yield want(between(5 * M, 14 * M), "both are told that it is over", lambda: stage.heard(group, slack, pages))
    yield keep(A_MESSAGE_WOULD_HAVE_COME, "nothing more is said", lambda: stage.heard(group, slack, pages))


def a_consumer_leaves_for_good(stage: Stage) -> Timeline:
    group = stage.group("billing")
    consumer = stage.consumer(SHOP, group, ClassicMember)
    subject = f"STOP: {group} on {SHOP}"
    slack, pages = [f"[FIRING] {subject}"], [f"trigger {subject}"]
    yield want(by(8 * M), "the group is well", well(stage, group))

    yield at(0, "its only consumer leaves", lambda: consumer.turn(Behaviour.STOPPED))
    yield want(between(4 * M, 12 * M), "one message and one page", lambda: stage.heard(group, slack, pages))
    yield want(
        by(20 * M), "its lag in seconds is an alert of its own", lambda: stage.in_state("firing", LAG_HIGH, group)
    )
    yield keep(A_MESSAGE_WOULD_HAVE_COME, "which the first one mutes", lambda: stage.heard(group, slack, pages))


def a_slow_consumer(stage: Stage) -> Timeline:
    group = stage.group("invoices")
    consumer = stage.consumer(SHOP, group, ConfluentMember)
    subject = f"WARN: {group} on {SHOP}"
    slack = [f"[FIRING] {subject}"]
    yield want(by(8 * M), "the group is well", well(stage, group))

    yield at(0, "more records come than it works off", lambda: consumer.turn(Behaviour.SLOW))
    yield want(between(7.5 * M, 16 * M), "one message, no page", lambda: stage.heard(group, slack, []))
    yield keep(A_MESSAGE_WOULD_HAVE_COME, "there is no page later", lambda: stage.heard(group, slack, []))

    slack = [*slack, f"[RESOLVED] {subject}"]
    yield at(0, "it keeps up again", lambda: consumer.turn(Behaviour.HEALTHY))
    yield want(between(5 * M, 14 * M), "Slack is told that it is over", lambda: stage.heard(group, slack, []))


def a_deploy(stage: Stage) -> Timeline:
    group = stage.group("shipping")
    before = [stage.consumer(SHOP, group, ClassicMember) for _ in range(2)]
    empty = f'burrow_kafka_consumer_info{{consumer_group="{group}",state="Empty"}}'
    yield want(by(8 * M), "the group is well", well(stage, group))

    yield at(0, "all members leave", lambda: [each.turn(Behaviour.STOPPED) for each in before])
    yield want(by(3 * M), "Prometheus sees that nobody is left", lambda: stage.holds(empty))
    yield at(0.5 * M, "new ones come", lambda: [stage.consumer(SHOP, group, ClassicMember) for _ in range(2)])
    # As long as it takes for a consumer that stays away to be told of: see its own story.
    yield keep(9 * M, "nobody is told", lambda: stage.heard(group, [], []))
    yield want(by(10 * M), "the group is well", well(stage, group))


def the_broker_goes_away_and_comes_back(stage: Stage) -> Timeline:
    broker = stage.clusters[WAREHOUSE].nodes[1]
    stalled, healthy, slow = (stage.group(name) for name in ("returns", "picking", "audits"))
    stage.consumer(WAREHOUSE, healthy, ConfluentMember)
    # It moves long enough for its pace to be known: a group that has only just begun is given an hour.
    stage.consumer(WAREHOUSE, stalled, ConfluentMember).turn(Behaviour.STALLED, after=2 * M)
    # Its alert is to be pending when the broker goes. It must not fire on that: nobody can see the group then.
    late = stage.consumer(WAREHOUSE, slow, ConfluentMember).turn(Behaviour.SLOW, after=8.0)
    subject = f"STALL: {stalled} on {WAREHOUSE}"
    slack, pages = [f"[FIRING] {subject}"], [f"trigger {subject}"]
    yield want(by(16 * M), "a group has stalled", lambda: stage.heard(WAREHOUSE, slack, pages))
    yield want(by(20 * M), "another is slow", lambda: stage.in_state("pending", FALLING_BEHIND, slow))
    yield want(by(20 * M), "another is well", well(stage, healthy))

    subject = f"Kafka Cluster Unreadable: {WAREHOUSE}"
    slack, pages = [*slack, f"[FIRING] {subject}"], [*pages, f"trigger {subject}"]
    yield at(0, "the broker is killed", broker.kill)
    yield want(between(2.5 * M, 6 * M), "one message about the cluster", lambda: stage.heard(WAREHOUSE, slack, pages))
    # Longer than a group must be silent to be told of, or one that cannot be seen to be called resolved.
    yield keep(8 * M, "nothing about its groups", lambda: stage.heard(WAREHOUSE, slack, pages))
    assert stage.in_state("firing", STALLED, stalled)
    assert stage.muted(STALLED, stalled)

    def comes_back() -> None:
        broker.start()
        late.turn(Behaviour.HEALTHY)

    slack, pages = [*slack, f"[RESOLVED] {subject}"], [*pages, f"resolve {subject}"]
    yield at(0, "the broker is started again, and the slow one keeps up", comes_back)
    yield want(by(20 * M), "both are told that it is over", lambda: stage.heard(WAREHOUSE, slack, pages))
    yield want(by(25 * M), "those that keep up are well", lambda: well(stage, healthy)() and well(stage, slow)())
    yield keep(A_MESSAGE_WOULD_HAVE_COME, "nothing about its groups", lambda: stage.heard(WAREHOUSE, slack, pages))
    assert stage.in_state("firing", STALLED, stalled)


STORIES = (
    a_consumer_stalls_and_recovers,
    a_consumer_leaves_for_good,
    a_slow_consumer,
    a_deploy,
    the_broker_goes_away_and_comes_back,
)


@pytest.fixture(scope="module")
def stage(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with (
        Cluster(tmp_path_factory.mktemp("warehouse")) as warehouse,
        staged(folder, {SHOP: kafka, WAREHOUSE: warehouse}) as stage,
    ):
        yield stage


@pytest.fixture(scope="module")
def played(stage: Stage) -> dict[str, Played]:
    """How every story went."""
    return play({story.__name__: story(stage) for story in STORIES}, stage.check)


@pytest.mark.parametrize("story", [story.__name__ for story in STORIES])
def test_the_right_people_are_told_the_right_things_at_the_right_time(
    stage: Stage, played: dict[str, Played], story: str
) -> None:
    print("\n".join(played[story].steps))
    print("What the two receivers were told:", *stage.told(SLACK, ""), *stage.told(PAGERDUTY, ""), sep="\n")
    played[story].check()


def stall(stage: Stage, hook: str) -> list[Message]:
    """What one receiver's hook was sent about the consumer that stalled and recovered: that it did, and that it is."""
    firing, resolved = (each for each in stage.receivers[0].about(stage.group("orders")) if each.hook == hook)
    return [firing, resolved]


def test_slack_shows_what_is_wrong_where_since_when_and_where_to_look(stage: Stage, played: dict[str, Played]) -> None:
    group, topic = stage.group("orders"), stage.topics[SHOP]
    message = stall(stage, SLACK)[0].body
    (said,) = message["attachments"]
    assert message["channel"] == "#kafka-alerts"
    assert said["color"] == "danger"
    summary, description, *rows, links = said["text"].splitlines()
    assert summary.startswith("*A consumer group is alive but makes no progress")
    assert re.fullmatch(
        rf"Group {group} on cluster {SHOP}: STALL on {PARTITIONS} of {PARTITIONS} partitions since \d\d:\d\d UTC on "
        r"\d+ \w+\. It is \d+ records behind, the oldest unread one is \d+(\.\d+)?s old\.",
        description,
    )
    shown = "\n".join(rows).strip("`").splitlines()
    assert {row.split(":")[0] for row in shown} == {f"{topic}/{number}" for number in range(PARTITIONS)}
    assert all(re.fullmatch(r"\S+: STALL, \d+ records behind, \d+(\.\d+)?s", row) for row in shown)

    leads = {name: urlsplit(url) for url, name in re.findall(r"<(\S+?)\|([\w ]+)>", links)}
    assert leads.keys() == {"Runbook", "Dashboard", "Group page"}
    assert (ROOT / "docs/runbooks" / Path(leads["Runbook"].path).name).is_file()
    uid = leads["Dashboard"].path.split("/")[2]
    assert any(json.loads(file.read_text())["uid"] == uid for file in (ROOT / "dashboards").glob("*.json"))
    assert parse_qs(leads["Dashboard"].query) == {"var-cluster": [SHOP], "var-group": [group]}
    assert said["title_link"] == leads["Group page"].geturl()
    status, page = get(stage.exporter.url + leads["Group page"].path)
    assert (status, group in page) == (200, True)


def test_slack_shows_from_when_to_when_it_was(stage: Stage, played: dict[str, Played]) -> None:
    (said,) = stall(stage, SLACK)[1].body["attachments"]
    assert said["color"] == "good"
    assert re.match(r"Resolved: STALL, after firing from \d\d:\d\d to \d\d:\d\d UTC on \d+ \w+\n", said["text"])
    assert f"/{STALLED}.md|Runbook>" in said["text"]


def test_pagerduty_gets_one_incident_and_its_end(stage: Stage, played: dict[str, Played]) -> None:
    group, topic = stage.group("orders"), stage.topics[SHOP]
    trigger, resolve = (message.body for message in stall(stage, PAGERDUTY))
    assert trigger["routing_key"] == resolve["routing_key"] == ROUTING_KEY
    assert trigger["dedup_key"] == resolve["dedup_key"]
    said = trigger["payload"]
    labels = {name: said[name] for name in ("severity", "component", "group", "class")}
    assert labels == {"severity": "critical", "component": SHOP, "group": group, "class": "STALL"}
    assert f"STALL on {PARTITIONS} of {PARTITIONS} partitions" in said["custom_details"]["summary"]
    assert said["custom_details"]["partitions"].count(f"{topic}/") == PARTITIONS
    assert trigger["client_url"].endswith(f"/clusters/{SHOP}/groups/{group}")
    assert [link["text"] for link in trigger["links"]] == ["Runbook", "Dashboard"]
    assert trigger["links"][0]["href"].endswith(f"/docs/runbooks/{STALLED}.md")


def test_nobody_hears_of_a_stall_sooner_than_it_has_held(stage: Stage, played: dict[str, Played]) -> None:
    (pending, began), (firing, fired) = stage.states(STALLED, stage.group("orders"))
    assert (pending, firing) == ("pending", "firing")
    assert fired - began >= 2 * M
    for hook in (SLACK, PAGERDUTY):
        assert stall(stage, hook)[0].time - fired >= 0.5 * M


def test_nobody_is_told_of_anything_else(stage: Stage, played: dict[str, Played]) -> None:
    for receiver in stage.receivers:
        others = [message for message in receiver.messages if not message.mentions(stage.suffix)]
        assert {message.body["attachments"][0]["title"] for message in others if message.hook == SLACK} == {
            f"[FIRING] Kafka Cluster Unreadable: {WAREHOUSE}",
            f"[RESOLVED] Kafka Cluster Unreadable: {WAREHOUSE}",
        }


def unseen(stage: Stage, selector: str, least: float, apart: float) -> list[tuple[str, Spell]]:
    """What one replica had for ``least`` seconds, and the other never from ``apart`` before until ``apart`` after."""
    replicas = [stage.spells(selector, replica) for replica in range(2)]
    return [
        (series, spell)
        for these, those in (replicas, replicas[::-1])
        for series, spells in these.items()
        for spell in spells
        if spell.last - spell.first >= least
        and not any(
            other.value == spell.value and other.first <= spell.last + apart and other.last >= spell.first - apart
            for other in those.get(series, [])
        )
    ]


def test_two_replicas_of_prometheus_reach_the_same_verdicts(stage: Stage, played: dict[str, Played]) -> None:
    verdicts = f'burrow_kafka_consumer_status{{consumer_group=~".+{stage.suffix}"}}'
    assert [len(stage.spells(verdicts, replica)) for replica in range(2)] == [7, 7]
    # They scrape at different moments: what stood for less than that may have shown itself to one of them alone.
    assert unseen(stage, verdicts, least=2 * SCRAPE, apart=SCRAPE) == []


def test_two_replicas_of_prometheus_fire_the_same_alerts(stage: Stage, played: dict[str, Played]) -> None:
    alerts = 'ALERTS{alertstate="firing"}'
    for replica in range(2):
        fired = {json.loads(series)["alertname"] for series in stage.spells(alerts, replica)}
        assert fired >= {STALLED, FALLING_BEHIND, LAG_HIGH}
    assert unseen(stage, alerts, least=M, apart=M) == []


def test_two_replicas_of_prometheus_make_one_notification(stage: Stage, played: dict[str, Played]) -> None:
    for hook in (SLACK, PAGERDUTY):
        alone, pair = stage.told(hook, "")
        assert alone != []
        assert sorted(alone) == sorted(pair)
