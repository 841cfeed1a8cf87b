"""The dashboards' queries tell the truth: evaluated by promtool, Prometheus' own engine, on small made-up histories."""

import json
import subprocess

import pytest

from tools.dashboards import FOLDER
from tools.dashboards.checks.board import boards, fill

BOARDS = {board.json["uid"]: board for board in boards()}
OVERVIEW, GROUP, EXPORTER = "kafka-burrow-overview", "kafka-burrow-group", "kafka-burrow-exporter"
ALL = dict.fromkeys(("job", "instance", "cluster", "group", "topic", "partition"), ".+")
CHOSEN = {**ALL, "top": "2", "__rate_interval": "2m", "__range": "10m"}
ONE_GROUP = {**CHOSEN, "cluster": "east", "group": "billing"}

RULES = FOLDER.parent / "alerts/rules/dashboards.yml"
AT = "10m"
EXPORTERS = ("a:8000", "b:8000")


def series(name, values, exporters=EXPORTERS[:1], **labels):
    """The same series as told by each exporter, a value every 30 s."""
    return [
        {"series": f"{name}{{{_written(job='burrow', instance=one, **labels)}}}", "values": values} for one in exporters
    ]


def _written(**labels):
    return ", ".join(f'{name}="{value}"' for name, value in labels.items())


def check(folder, uid, query, history, expected, *, chosen=CHOSEN):
    """The query of that panel and letter ("Lag A") gives exactly these samples: labels → value."""
    expr = next(one.expr for one in BOARDS[uid].queries() if str(one) == query)
    samples = [{"labels": labels, "value": value} for labels, value in expected.items()]
    test = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "30s",
        "tests": [
            {
                "interval": "30s",
                "input_series": history,
                "promql_expr_test": [{"expr": fill(expr, chosen), "eval_time": AT, "exp_samples": samples}],
            }
        ],
    }
    path = folder / "test.json"  # JSON is YAML
    path.write_text(json.dumps(test), encoding="utf-8")
    done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def in_column(column, group):
    """The labels of a value of the table of groups."""
    return f'{{cluster="east", consumer_group="{group}", column="{column}"}}'


def status(group, value, **more):
    return series("burrow_kafka_consumer_status", f"{value}x20", cluster="east", consumer_group=group, **more)


@pytest.mark.parametrize("exporters", [EXPORTERS[:1], EXPORTERS])
def test_a_second_exporter_changes_no_number_of_the_overview(tmp_path, exporters):
    labels = {"cluster": "east", "consumer_group": "billing", "exporters": exporters}
    row = {**labels, "topic": "orders", "partition": "0"}
    end = {"cluster": "east", "topic": "orders", "partition": "0", "exporters": exporters}
    history = [
        *series("burrow_kafka_consumer_status", "3x20", **labels),
        *series("burrow_kafka_topic_partition_status", "4x20", **row),
        *series("burrow_kafka_consumer_lag_total", "100+60x20", **labels),
        *series("burrow_kafka_consumer_current_offset", "0+30x20", **row),
        *series("burrow_kafka_topic_partition_offset", "100+90x20", **end),
    ]
    of_group = '{cluster="east", consumer_group="billing"}'
    of_topic = '{cluster="east", topic="orders"}'
    of_both = '{cluster="east", topic="orders", consumer_group="billing"}'
    expected = {
        "Groups by status C": {"{}": 1},
        "Partitions by status C": {"{}": 1},
        "Groups, worst first A": {
            in_column("Status", "billing"): 3,
            in_column("Worst partition", "billing"): 4,
            in_column("Lag", "billing"): 1300,
        },
        "Lag A": {of_group: 1300},
        "Lag growth A": {of_group: 2},
        "Consumed and produced A": {of_topic: 3},
        "Consumed and produced B": {of_both: 1},
    }
    for query, samples in expected.items():
        check(tmp_path, OVERVIEW, query, history, samples)


def test_a_topic_that_three_groups_read_is_produced_once(tmp_path):
    history = series("burrow_kafka_topic_partition_offset", "0+300x20", cluster="east", topic="orders", partition="0")
    for group in ("billing", "search", "audit"):
        history += series(
            "burrow_kafka_consumer_current_offset",
            "0+300x20",
            cluster="east",
            consumer_group=group,
            topic="orders",
            partition="0",
        )
    check(tmp_path, OVERVIEW, "Consumed and produced A", history, {'{cluster="east", topic="orders"}': 10})
    check(tmp_path, GROUP, "Consumed and produced A", history, {"{}": 10}, chosen=ONE_GROUP)
    check(tmp_path, GROUP, "Consumed and produced B", history, {"{}": 10}, chosen=ONE_GROUP)


def test_a_rewind_is_no_progress_and_not_a_counter_that_began_anew(tmp_path):
    history = series(
        "burrow_kafka_consumer_current_offset",
        "1000000+300x17 900000+300x2",
        cluster="east",
        consumer_group="billing",
        topic="orders",
        partition="0",
    )
    # rate would say more than 7,500 records a second here.
    check(tmp_path, GROUP, "Consumed and produced B", history, {"{}": 0}, chosen=ONE_GROUP)


def test_another_group_and_a_topic_that_the_group_does_not_read_are_not_counted_as_its_own(tmp_path):
    history = [
        *series("burrow_kafka_topic_partition_offset", "0+300x20", cluster="east", topic="orders", partition="0"),
        *series("burrow_kafka_topic_partition_offset", "0+900x20", cluster="east", topic="clicks", partition="0"),
        *series("burrow_kafka_topic_partition_offset", "0+600x20", cluster="west", topic="orders", partition="0"),
    ]
    for group, topic in (("billing", "orders"), ("search", "clicks")):
        history += series(
            "burrow_kafka_consumer_current_offset",
            "0+150x20",
            cluster="east",
            consumer_group=group,
            topic=topic,
            partition="0",
        )
    check(tmp_path, GROUP, "Consumed and produced A", history, {"{}": 10}, chosen=ONE_GROUP)
    check(tmp_path, GROUP, "Consumed and produced B", history, {"{}": 5}, chosen=ONE_GROUP)


def test_nothing_known_is_not_shown_as_zero(tmp_path):
    for query in ("Groups by status C", "Partitions by status C", "Unreadable clusters A"):
        check(tmp_path, OVERVIEW, query, series("up", "0x20"), {})


def test_a_fleet_without_errors_has_zero_of_them(tmp_path):
    check(tmp_path, OVERVIEW, "Groups by status C", status("billing", 1) + status("search", 2), {"{}": 0})
    check(tmp_path, OVERVIEW, "Groups by status A", status("billing", 1) + status("search", 2), {"{}": 1})


def test_a_cluster_that_one_exporter_still_reads_is_readable_and_its_own_dashboard_tells_which_does_not(tmp_path):
    history = [
        *series("burrow_kafka_cluster_up", "1x20", EXPORTERS[:1], cluster="east"),
        *series("burrow_kafka_cluster_up", "0x20", EXPORTERS[1:], cluster="east"),
    ]
    check(tmp_path, OVERVIEW, "Unreadable clusters A", history, {"{}": 0})
    each = {f'{{job="burrow", instance="{one}", cluster="east"}}': int(one == "a:8000") for one in EXPORTERS}
    check(tmp_path, EXPORTER, "Clusters read A", history, each)


def test_the_longest_in_trouble_are_shown_not_the_first_in_the_alphabet(tmp_path):
    history = status("a-well", 1) + status("b-warned", 2) + status("c-failed", 3)
    shown = {
        f'{{cluster="east", consumer_group="{group}"}}': value for group, value in (("b-warned", 2), ("c-failed", 3))
    }
    check(tmp_path, OVERVIEW, "Statuses over time A", history, shown)


def test_whole_topics_stand_in_where_there_are_no_partitions(tmp_path):
    labels = {"cluster": "east", "consumer_group": "billing", "topic": "orders"}
    history = [
        *series("burrow_kafka_consumer_topic_status", "5x20", **labels),
        *series("burrow_kafka_consumer_topic_lag", "70x20", **labels),
    ]
    check(tmp_path, GROUP, "Status by partition A", history, {'{topic="orders"}': 5}, chosen=ONE_GROUP)
    check(tmp_path, GROUP, "Lag by partition A", history, {'{topic="orders"}': 70}, chosen=ONE_GROUP)
    check(tmp_path, GROUP, "Partitions, worst first A", history, {'{topic="orders"}': 5}, chosen=ONE_GROUP)
    check(tmp_path, GROUP, "Partitions, worst first B", history, {'{topic="orders"}': 70}, chosen=ONE_GROUP)
    of_group = '{cluster="east", consumer_group="billing"}'
    check(tmp_path, GROUP, "Worst partition A", history, {of_group: 5}, chosen=ONE_GROUP)
    worst = {in_column("Status", "billing"): 3, in_column("Worst partition", "billing"): 5}
    check(tmp_path, OVERVIEW, "Groups, worst first A", history + status("billing", 3), worst)


def test_the_margin_is_that_of_the_exporter_that_sees_the_least(tmp_path):
    history = [
        *series("burrow_kafka_consumer_retention_margin_ratio", "0.5x20", EXPORTERS[:1], **_billing()),
        *series("burrow_kafka_consumer_retention_margin_ratio", "0.4x20", EXPORTERS[1:], **_billing()),
    ]
    of_group = '{cluster="east", consumer_group="billing"}'
    check(tmp_path, GROUP, "Retention margin A", history, {of_group: 0.4}, chosen=ONE_GROUP)


def test_never_is_a_gap_in_the_time_to_catch_up_and_the_stat_says_never(tmp_path):
    history = [
        *series("burrow_kafka_consumer_catch_up_seconds", " ".join(["+Inf"] * 21), **_billing()),
        *series("burrow_kafka_consumer_max_lag_seconds", "600x20", **_billing()),
    ]
    check(tmp_path, GROUP, "Time to catch up A", history, {}, chosen=ONE_GROUP)
    panel = next(one for one in BOARDS[GROUP].panels if one["title"] == "Catches up in")
    (mapping,) = panel["fieldConfig"]["defaults"]["mappings"]
    assert mapping["options"]["result"]["text"] == "never"
    assert mapping["options"]["to"] is None


@pytest.mark.parametrize(("lag_seconds", "shown"), [(9, {}), (10, {'{cluster="east", consumer_group="billing"}': 70})])
def test_a_group_that_keeps_up_is_not_asked_when_it_catches_up(tmp_path, lag_seconds, shown):
    history = [
        *series("burrow_kafka_consumer_catch_up_seconds", "70x20", **_billing()),
        *series("burrow_kafka_consumer_max_lag_seconds", f"{lag_seconds}x20", **_billing()),
    ]
    for query in ("Catches up in A", "Time to catch up A"):
        check(tmp_path, GROUP, query, history, shown, chosen=ONE_GROUP)
    columns = {"Status": 2, "Lag in seconds": lag_seconds, **({"Catches up in": 70} if shown else {})}
    row = {in_column(column, "billing"): value for column, value in columns.items()}
    check(tmp_path, OVERVIEW, "Groups, worst first A", history + status("billing", 2), row)


def test_only_the_worst_groups_are_read_and_those_of_unknown_status_among_them(tmp_path):
    history = [
        one
        for number in range(150)
        for one in (
            *status(f"well-{number}", 1),
            *series("burrow_kafka_consumer_max_lag_seconds", "1x20", cluster="east", consumer_group=f"well-{number}"),
        )
    ]
    history += status("failed", 3)
    history += series("burrow_kafka_consumer_partitions", "4x20", cluster="east", consumer_group="unknown")
    for number in range(98):
        history += status(f"warned-{number}", 2)
    expected = {in_column("Status", "failed"): 3, in_column("Partitions", "unknown"): 4}
    expected |= {in_column("Status", f"warned-{number}"): 2 for number in range(98)}
    check(tmp_path, OVERVIEW, "Groups, worst first A", history, expected)


def test_of_groups_with_one_status_those_furthest_behind_are_read(tmp_path):
    history = []
    for number in range(101):
        labels = {"cluster": "east", "consumer_group": f"group-{number}"}
        history += status(f"group-{number}", 3)
        history += series("burrow_kafka_consumer_max_lag_seconds", f"{number}x20", **labels)
    expected = {in_column("Status", f"group-{number}"): 3 for number in range(1, 101)}
    expected |= {in_column("Lag in seconds", f"group-{number}"): number for number in range(1, 101)}
    check(tmp_path, OVERVIEW, "Groups, worst first A", history, expected)


def alert(state, **labels):
    """An alert as Prometheus itself records it; it holds since the fifth minute."""
    both = {"alertname": "KafkaConsumerGroupStopped", "severity": "critical", "cluster": "east", **labels}
    return [
        {"series": f"ALERTS{{{_written(alertstate=state, **both)}}}", "values": "1x20"},
        {"series": f"ALERTS_FOR_STATE{{{_written(**both)}}}", "values": "300x20"},
    ]


def test_alerts_that_fire_are_listed_and_those_that_wait_are_not(tmp_path):
    history = alert("firing", consumer_group="billing") + alert("pending", consumer_group="search")
    history += alert("firing", consumer_group="other", alertname="NodeDown")
    shown = {
        '{alertname="KafkaConsumerGroupStopped", severity="critical", cluster="east", consumer_group="billing"}': 300
    }
    check(tmp_path, OVERVIEW, "Firing alerts A", history, shown)
    check(tmp_path, GROUP, "Firing alerts A", history, shown, chosen=ONE_GROUP)
    check(tmp_path, GROUP, "Firing alerts A", history, {}, chosen={**ONE_GROUP, "group": "search"})


def test_an_alert_on_an_exporter_is_listed_whichever_cluster_is_chosen(tmp_path):
    labels = 'alertname="BurrowExporterDown", severity="critical"'
    history = [
        {"series": f'ALERTS{{{labels}, job="burrow", alertstate="firing"}}', "values": "1x20"},
        {"series": f'ALERTS_FOR_STATE{{{labels}, job="burrow"}}', "values": "0x20"},
    ]
    for uid in (OVERVIEW, EXPORTER):
        check(tmp_path, uid, "Firing alerts A", history, {f"{{{labels}}}": 600}, chosen={**CHOSEN, "cluster": "west"})


def _billing():
    return {"cluster": "east", "consumer_group": "billing"}
