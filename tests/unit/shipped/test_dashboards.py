"""The dashboards' files: made from their source, held to the linter's rules, linked to each other."""

import json
import re
from collections import Counter
from copy import deepcopy

import pytest
import yaml

from tools.dashboards import FOLDER, statuses
from tools.dashboards.__main__ import files
from tools.dashboards.checks.board import Board, boards, fill
from tools.dashboards.checks.linter import RULES, excepted, exceptions, lint
from tools.dashboards.checks.query_rules import selectors

UIDS = {"kafka-burrow-overview", "kafka-burrow-group", "kafka-burrow-exporter"}
MADE = {board.json["uid"]: board for board in boards()}
every_board = pytest.mark.parametrize("uid", sorted(UIDS))


def test_the_files_are_what_their_source_makes():
    made = files()
    assert {path.name for path in FOLDER.glob("*.json")} == set(made)
    for name, text in made.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"{name}: run python -m tools.dashboards"


def test_the_address_of_the_exporters_pages_can_be_given():
    text = files("https://lag.example.org")["kafka-burrow-group.json"]
    variable = next(v for v in json.loads(text)["templating"]["list"] if v["name"] == "exporter_url")
    assert variable["current"]["value"] == "https://lag.example.org"
    assert "localhost" not in text


def test_uids_are_the_ones_that_links_from_elsewhere_know():
    assert set(MADE) == UIDS


@every_board
def test_no_rule_of_the_linter_objects(uid):
    allowed = exceptions()
    assert [str(one) for one in lint(MADE[uid]) if not excepted(one, allowed)] == []


def test_every_exception_is_needed_and_has_a_reason():
    found = [one for board in MADE.values() for one in lint(board)]
    for rule, entry in exceptions().items():
        assert rule in RULES
        assert entry["reason"]
        for place in entry["entries"]:
            alone = {rule: {"entries": [place]}}
            assert any(excepted(one, alone) for one in found), f"{rule} {place} is not needed"


def panel_named(board: Board, title: str) -> dict:
    return next(panel for panel in board.panels if panel["title"] == title)


def spoil_variable(name, **change):
    return lambda board: next(v for v in board.variables if v["name"] == name).update(change)


def spoil_query(expr):
    return lambda board: panel_named(board, "Lag")["targets"][0].update(expr=expr)


def drop_variable(name):
    return lambda board: board.json["templating"].update(list=[v for v in board.variables if v["name"] != name])


OWN = 'job=~"$job", instance=~"$instance"'
SPOILT = {
    "template-datasource-rule": drop_variable("datasource"),
    "template-job-rule": spoil_variable("job", multi=False),
    "template-instance-rule": spoil_variable("instance", allValue=None),
    "template-label-promql-rule": spoil_variable("cluster", query={"query": "label_values(up{, cluster)"}),
    "template-on-time-change-reload-rule": spoil_variable("group", refresh=1),
    "panel-datasource-rule": lambda board: panel_named(board, "Lag").update(datasource={"uid": "prometheus"}),
    "panel-title-description-rule": lambda board: panel_named(board, "Lag").update(description=""),
    "panel-units-rule": lambda board: panel_named(board, "Lag")["fieldConfig"]["defaults"].update(unit="msgs"),
    "panel-no-targets-rule": lambda board: panel_named(board, "Lag").update(targets=[]),
    "target-promql-rule": spoil_query("max(("),
    "target-rate-interval-rule": spoil_query(f"rate(x{{{OWN}}}[5m])"),
    "target-job-rule": spoil_query('x{instance=~"$instance"}'),
    "target-instance-rule": spoil_query('x{job=~"$job", instance="$instance"}'),
    "target-counter-agg-rule": spoil_query(f"sum(x_total{{{OWN}}})"),
    "uneditable-dashboard": lambda board: board.json.update(editable=True),
    "target-logql-rule": lambda board: panel_named(board, "Lag")["targets"][0].update(
        datasource={"type": "loki", "uid": "${datasource}"}
    ),
}


@pytest.mark.parametrize("rule", SPOILT)
def test_a_dashboard_that_breaks_a_rule_is_found_by_that_rule(rule):
    good = MADE["kafka-burrow-overview"]
    bad = Board(good.path, deepcopy(good.json))
    SPOILT[rule](bad)
    before = {str(one) for one in lint(good)}
    assert rule in {one.rule for one in lint(bad) if str(one) not in before}


def test_every_rule_was_broken_once():
    assert set(RULES) - set(SPOILT) == {"target-logql-auto-rule"}, "the two rules about LogQL are one check here"


@every_board
def test_every_panel_has_a_description_that_says_more_than_its_title(uid):
    for panel in MADE[uid].panels:
        assert len(panel["description"]) > len(panel["title"]), panel["title"]


@every_board
def test_panels_have_ids_and_titles_of_their_own_and_do_not_lie_on_each_other(uid):
    panels = MADE[uid].json["panels"]
    assert max(Counter(panel["id"] for panel in panels).values()) == 1
    assert max(Counter(panel["title"] for panel in MADE[uid].panels).values()) == 1
    cells = Counter(
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    )
    assert max(cells.values()) == 1
    assert max(x for x, _ in cells) == 23


@every_board
def test_the_model_is_the_classic_one_that_can_be_provisioned(uid):
    model = MADE[uid].json
    assert model["schemaVersion"] == 39
    assert "__inputs" not in model
    assert "id" not in model
    assert len(uid) <= 40


@every_board
def test_variables_choose_all_that_the_dashboard_is_about(uid):
    names = [variable["name"] for variable in MADE[uid].variables]
    wanted = ["datasource", "job", "instance", "cluster"]
    if uid != "kafka-burrow-exporter":
        wanted += ["group", "topic"]
    assert names[: len(wanted)] == wanted
    assert "exporter_url" in names


@every_board
def test_every_variable_is_used_and_every_used_one_is_there(uid):
    board = MADE[uid]
    builtin = {"__rate_interval", "__range"}
    asked = " ".join(query.expr for query in board.queries())
    asked += " ".join(v["query"]["query"] for v in board.variables if v["type"] == "query")
    used = set(re.findall(r"\$(\w+)", asked))
    names = {variable["name"] for variable in board.variables}
    assert used - builtin <= names
    assert names - used <= {"datasource", "exporter_url"}


@every_board
def test_statuses_are_words_in_the_same_colours_everywhere(uid):
    words = {
        option["text"]: option["color"]
        for panel in MADE[uid].panels
        for mapping in _mappings(panel)
        if mapping["type"] == "value"
        for option in mapping["options"].values()
        if option["text"] in statuses.COLOURS
    }
    assert words == {word: statuses.COLOURS[word] for word in words}
    assert len(words) == (0 if uid == "kafka-burrow-exporter" else 6)


def _mappings(panel):
    fields = panel["fieldConfig"]
    yield from fields["defaults"].get("mappings", [])
    for one in fields["overrides"]:
        for entry in one["properties"]:
            if entry["id"] == "mappings":
                yield from entry["value"]


def test_a_panel_of_statuses_never_shows_the_bare_number():
    status = re.compile(r"burrow_kafka_(consumer|topic_partition|consumer_topic)_status\{")
    for board in MADE.values():
        for panel in board.panels:
            exprs = [target["expr"] for target in panel["targets"]]
            if panel["type"] in ("stat", "state-timeline") and any(
                status.search(expr) and "bool" not in expr for expr in exprs
            ):
                assert list(_mappings(panel)), panel["title"]


def _links(value):
    """Every address in a dashboard, wherever it stands."""
    if isinstance(value, dict):
        if value.get("url"):
            yield value["url"]
        for inner in value.values():
            yield from _links(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _links(inner)


def test_links_lead_to_dashboards_that_are_there_with_variables_that_they_have():
    seen = set()
    for board in MADE.values():
        for url in _links(board.json):
            found = re.fullmatch(r"/d/([\w-]+)/[\w-]+\?(.*)", url)
            if found is None:
                continue
            target = MADE[found[1]]
            names = {variable["name"] for variable in target.variables}
            passed = set(re.findall(r"var-(\w+)=", found[2])) | set(re.findall(r"\$\{(\w+):queryparam\}", found[2]))
            assert passed <= names
            seen.add((board.json["uid"], found[1]))
    assert ("kafka-burrow-overview", "kafka-burrow-group") in seen


@every_board
def test_the_graphs_are_marked_when_an_alert_fired(uid):
    (mark,) = [one for one in MADE[uid].json["annotations"]["list"] if "expr" in one]
    assert mark["enable"]
    names = re.compile(next(iter(re.findall(r'alertname=~"([^"]+)"', mark["expr"]))))
    rules = yaml.safe_load((FOLDER.parent / "alerts/rules/kafka-burrow-exporter.yml").read_text(encoding="utf-8"))
    shipped = {rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule}
    marked = {name for name in shipped if names.fullmatch(name)}
    of_groups = {name for name in shipped if name.startswith("KafkaConsumer")}
    expected = {"kafka-burrow-overview": shipped, "kafka-burrow-group": of_groups}
    assert marked == expected.get(uid, shipped - of_groups)


@every_board
def test_the_labels_of_every_axis_have_room(uid):
    for panel in MADE[uid].panels:
        if panel["type"] == "timeseries":
            assert panel["fieldConfig"]["defaults"]["custom"]["axisWidth"] >= 80, panel["title"]


def test_links_lead_to_the_exporters_page_of_the_group():
    page = re.compile(r"\$\{exporter_url:raw\}/clusters/\$\{[\w.]+:percentencode\}/groups/\$\{[\w.]+:percentencode\}")
    for uid in ("kafka-burrow-overview", "kafka-burrow-group"):
        assert any(page.fullmatch(url) for url in _links(MADE[uid].json)), uid


@every_board
def test_each_dashboard_leads_to_the_others_by_their_tag(uid):
    link = next(one for one in MADE[uid].json["links"] if one["type"] == "dashboards")
    assert all(set(link["tags"]) <= set(board.json["tags"]) for board in MADE.values())


@every_board
def test_one_value_variables_are_compared_whole_and_others_by_expression(uid):
    # Grafana escapes what stands in an expression only for variables of many values: a group "a.b" is not "axb".
    board = MADE[uid]
    many = {variable["name"] for variable in board.variables if variable.get("multi")}
    for query in board.queries():
        for selector, _ in selectors(query.expr):
            for matcher in selector.matchers.matchers:
                if matcher.value.startswith("$"):
                    expected = "=~" if matcher.value[1:] in many else "="
                    assert f'{matcher.name}{expected}"{matcher.value}"' in query.expr, query


def test_provisioning_finds_the_folder_and_forbids_edits_that_would_be_lost():
    provider = yaml.safe_load((FOLDER / "provisioning/dashboards/kafka-burrow.yaml").read_text(encoding="utf-8"))
    (one,) = provider["providers"]
    assert provider["apiVersion"] == 1
    assert one["type"] == "file"
    assert one["options"]["path"].startswith("/var/lib/grafana/")
    assert (one["disableDeletion"], one["allowUiUpdates"]) == (True, False)


def test_the_provisioned_data_source_knows_the_scrape_interval():
    source = yaml.safe_load((FOLDER / "provisioning/datasources/prometheus.yaml").read_text(encoding="utf-8"))
    (one,) = source["datasources"]
    assert (one["type"], one["isDefault"], one["jsonData"]["timeInterval"]) == ("prometheus", True, "30s")


def test_fill_replaces_both_spellings_and_names_what_is_missing():
    assert fill('up{a=~"$job"}[${__range}]', {"job": ".+", "__range": "1h"}) == 'up{a=~".+"}[1h]'
    with pytest.raises(KeyError, match="cluster"):
        fill("$cluster", {"job": ".+"})
