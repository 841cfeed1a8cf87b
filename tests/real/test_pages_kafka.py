"""The pages over a real Kafka, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from exporter.web.pages import links
from testbed.behaviours import Behaviour, consumer
from testbed.kafka import Kafka
from testbed.members import ConfluentMember
from testbed.processes import wait_until
from testbed.producers import fill
from testbed.servers import Server
from tests.support.browsing import chromium, window

pytestmark = pytest.mark.real

PATIENCE = 60.0


def test_groups_of_a_real_kafka_have_their_pages(
    kafka: Kafka, start_exporter: Callable[..., Server], unique: Callable[[str], str]
) -> None:
    topic = kafka.create_topic(unique("orders"), partitions=2)
    fill(kafka, topic, 100)
    ends = kafka.end_offsets(topic)
    healthy, late = unique("healthy"), unique("<i>late/night")
    kafka.commit(late, {(topic, 0): ends[topic, 0] - 7})
    cluster = {"bootstrap_servers": list(kafka.bootstrap_servers), "members_refresh": "1s"}
    server = start_exporter({"clusters": {"real": cluster}, "collection": {"min_interval": "0s"}})
    port = int(server.address.rpartition(":")[2])
    member = ConfluentMember(kafka, healthy, topic)
    with (
        consumer(member, Behaviour.HEALTHY, lifetime=PATIENCE),
        chromium() as browser,
        window(browser, port) as opened,
    ):
        opened.open("/")
        opened.page.locator("#q").fill("LATE/")
        opened.page.get_by_role("button", name="Show").click()
        opened.page.get_by_role("link", name=late).click()
        expect(opened.page.locator("h1 .name")).to_have_text(late)
        assert opened.texts("td.why")[0].startswith("7 behind; watched for")

        def shown() -> bool:
            opened.open("/" + links.group("real", healthy))
            return opened.page.locator("h1 .name").count() == 1 and all(
                "Assigned to" in why and "no member" not in why for why in opened.texts("td.why")
            )

        wait_until(shown, PATIENCE, "the group's page to name the owners of its partitions")
        assert len(opened.texts("td.why")) == 2
        opened.page.get_by_role("link", name=topic).first.click()
        expect(opened.page.locator("h1 .name")).to_have_text(topic)
        assert set(opened.texts(".consumers tbody th a")) == {healthy, late}
        assert [int(end.replace(",", "")) for end in opened.texts("td[data-label='End offset']")] == [
            ends[topic, id_] for id_ in range(2)
        ]
        opened.open("/state")
        assert "total" in opened.texts(".plain tbody th")
        opened.complaints.clear()  # the browser's own word on a page that was not there yet
