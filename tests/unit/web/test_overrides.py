"""Groups with settings of their own, on the pages and in Burrow's API."""

from __future__ import annotations

import json
import re

from exporter.core.report import Outcome
from exporter.settings import Cluster, GroupOverride, Groups, Settings
from exporter.web.app import make_app
from tests.support.asking import ask
from tests.support.observations import group, observation
from tests.support.outcomes import outcomes
from tests.support.page_scenes import Known

CLUSTER = Cluster(
    "c",
    ("h:1",),
    groups=Groups(
        overrides=(
            GroupOverride(re.compile("b"), topics=re.compile("<t>"), evaluate=False),
            GroupOverride(re.compile("^b"), window=600.0, granularity="group"),
            GroupOverride(re.compile("none"), evaluate=False),
        )
    ),
)
APP_SETTINGS = Settings((CLUSTER,))


def seen() -> Outcome:
    groups = {
        "a": group({"<t>": [40]}),
        "b": group({"<t>": [40], "u": [7]}),
        "none": group({"<t>": [40], "u": [5]}),
    }
    (found,) = outcomes([observation(0, groups, {"<t>": [100], "u": [7]})], CLUSTER.judging)
    return found


APP = make_app(Known(seen()), APP_SETTINGS)


def text(path: str) -> str:
    answer = ask(APP, path)
    assert answer.status == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text.partition("<main")[2]))


def test_a_groups_page_names_its_overrides_and_what_they_set() -> None:
    page = text("/clusters/c/groups/b")
    assert "Override [0] match b, topics &lt;t&gt;: evaluate=false; of topic &lt;t&gt;" in page
    assert "Override [1] match ^b: window=600s granularity=group; of topic u" in page
    assert "Override [2] match none: evaluate=false " in text("/clusters/c/groups/none")
    assert "Override" not in text("/clusters/c/groups/a")


def test_a_partition_that_is_not_judged_says_so_and_shows_its_lag() -> None:
    page = text("/clusters/c/groups/none")
    assert "Not judged, as the settings say; 60 behind" in page
    assert "NONE" in page
    assert "Not judged" in text("/clusters/c/groups/none?status=none")
    assert "Not judged" not in text("/clusters/c/groups/none?status=ok")


def test_the_lists_show_the_lag_of_a_group_that_is_not_judged() -> None:
    assert re.search(r"NONE +none +62 ", text("/?status=none"))
    assert "none" in text("/clusters/c/topics/%3Ct%3E")


def test_the_settings_in_effect_have_the_overrides() -> None:
    assert "overrides: - match: b topics: &lt;t&gt; evaluate: false" in text("/state")


def test_burrows_api_says_notfound_of_a_group_that_is_not_judged_and_tells_its_lag() -> None:
    answer = ask(APP, "/v3/kafka/c/consumer/none/lag")
    assert answer.status == 200
    status = json.loads(answer.body)["status"]
    assert (status["status"], status["totallag"], status["partition_count"]) == ("NOTFOUND", 62, 2)
    assert {(each["topic"], each["status"], each["current_lag"]) for each in status["partitions"]} == {
        ("<t>", "NOTFOUND", 60),
        ("u", "NOTFOUND", 2),
    }
    assert json.loads(ask(APP, "/v3/kafka/c/consumer/none/status").body)["status"]["partitions"] == []
    assert ask(APP, "/v3/kafka/c/consumer/none").status == 200
    assert ask(APP, "/v3/kafka/c/consumer/unknown/status").status == 404
