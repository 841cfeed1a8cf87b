"""What a configuration file means."""
# ruff: noqa: S105, S106 - the passwords here open nothing

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config import Flag, effective_settings, load, warnings
from exporter.name_pattern import NamePattern
from exporter.schema import as_yaml, durations
from exporter.schema.mistakes import Invalid
from exporter.settings import Cluster, Filter, Groups, OAuth, Sasl, Settings, Tls

MINIMAL = "clusters: {c: {bootstrap_servers: 'a:1'}}\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Settings]:
    def read(text: str, *flags: Flag, **environment: str) -> Settings:
        path = tmp_path / "kbe.yml"
        path.write_text(text, "utf-8")
        return load(str(path), flags, environment=environment)

    return read


def servers(value: str) -> Flag:
    return Flag("kafka.bootstrap_servers", value, "--kafka.bootstrap-servers")


def named(value: str) -> Flag:
    return Flag("kafka.cluster_name", value, "--kafka.cluster-name")


def test_a_file_with_one_cluster_has_every_default(read: Callable[..., Settings]) -> None:
    assert read(MINIMAL) == Settings(clusters=(Cluster("c", ("a:1",)),))


def test_every_part_of_a_cluster_is_read(read: Callable[..., Settings]) -> None:
    (cluster,) = read("""
clusters:
  Prod/EU "1":
    bootstrap_servers: ["[::1]:9092", kafka_1.example.com:9093]
    client_id: me
    tls: {verify_hostname: no}
    sasl: {mechanism: PLAIN, username: u, password: "0123"}
    request_timeout: 1500ms
    groups: {allow: ^a, deny: ""}
    topics: {allow: "b$"}
    evaluation: {window: 3m, patience: 2h, min_distance: 12.5, intervals: 7, allowed_lag: 9, minimum_complete: 0.5}
    granularity: topic
    start_offsets: false
    members_refresh: 0
""").clusters
    expected = Cluster(
        name='Prod/EU "1"',
        bootstrap_servers=("[::1]:9092", "kafka_1.example.com:9093"),
        client_id="me",
        tls=Tls(verify_hostname=False),
        sasl=Sasl("PLAIN", username="u", password="0123"),
        request_timeout=1.5,
        groups=Groups(allow=NamePattern("^a")),
        topics=Filter(allow=NamePattern("b$"), deny=Cluster("x", ()).topics.deny),
        evaluation=dataclasses.replace(
            Cluster("x", ()).evaluation,
            window=180.0,
            patience=7200.0,
            min_distance=12.5,
            intervals=7,
            allowed_lag=9,
            minimum_complete=0.5,
        ),
        granularity="topic",
        start_offsets=False,
        members_refresh=0.0,
    )
    assert cluster == expected


def test_the_other_sections_are_read(read: Callable[..., Settings]) -> None:
    settings = read(
        MINIMAL
        + """
collection: {min_interval: 1s, scrape_timeout: 20s, timeout_offset: 1s, max_report_age: 1h}
web: {listen_address: "127.0.0.1:9", telemetry_path: /a/b, access_control_allow_origin: "https://a.b", api_delete: true,
  unauthenticated_health: true, enable_lifecycle: true}
storage: {path: /var/lib/history}
log: {level: error, format: json}
"""
    )
    assert dataclasses.astuple(settings.collection) == (1.0, 20.0, 1.0, 3600.0)
    assert dataclasses.astuple(settings.web) == ("127.0.0.1:9", "/a/b", "https://a.b", True, False, None, True, True)
    assert dataclasses.astuple(settings.storage) == ("/var/lib/history",)
    assert dataclasses.astuple(settings.log) == ("error", "json")


def test_servers_may_be_one_text_with_commas(read: Callable[..., Settings]) -> None:
    assert read("clusters: {c: {bootstrap_servers: 'a:1, b:2'}}").clusters[0].bootstrap_servers == ("a:1", "b:2")


def test_names_keep_their_case_and_are_never_taken_for_anything_else(read: Callable[..., Settings]) -> None:
    text = "defaults: {bootstrap_servers: 'a:1'}\nclusters: {Prod: {}, prod: {}, no: {}, 010: {}, ~: {}, 12:30: {}}"
    assert [cluster.name for cluster in read(text).clusters] == ["Prod", "prod", "no", "010", "~", "12:30"]


def test_what_a_cluster_says_wins_over_the_defaults_key_by_key(read: Callable[..., Settings]) -> None:
    settings = read(
        """
defaults:
  sasl: {mechanism: SCRAM-SHA-256, username: u, password_file: /does/not/matter}
  evaluation: {window: 100, patience: 300}
clusters:
  a: {bootstrap_servers: "a:1", sasl: {password: p}, evaluation: {window: 120s}}
  b: {bootstrap_servers: "b:1", sasl: {password: q}}
""".replace("/does/not/matter", __file__)
    )
    first, second = settings.clusters
    assert (first.evaluation.window, first.evaluation.patience, second.evaluation.window) == (120, 300, 100)
    assert first.sasl == Sasl("SCRAM-SHA-256", username="u", password="p")
    assert second.sasl == Sasl("SCRAM-SHA-256", username="u", password="q")
    assert settings.evaluation == second.evaluation


def test_aliases_work(read: Callable[..., Settings]) -> None:
    text = "clusters: {a: {bootstrap_servers: &s [x:1], groups: &g {allow: q}}, b: {bootstrap_servers: *s, groups: *g}}"
    first, second = read(text).clusters
    assert dataclasses.replace(first, name="b") == second


def test_a_secret_comes_from_the_text_a_variable_or_a_file(read: Callable[..., Settings], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from file \n")
    settings = read(
        """
defaults: {bootstrap_servers: "a:1", tls: {}, sasl: {mechanism: PLAIN, username: "${WHO}"}}
clusters:
  text: {sasl: {password: "pa${WHO}$"}}
  variable: {sasl: {password: "${PASSWORD}"}}
  file: {sasl: {password_file: secret}}
""",
        WHO="me",
        PASSWORD="${WHO} #'",
    )
    assert [cluster.sasl and cluster.sasl.password for cluster in settings.clusters] == [
        "pa${WHO}$",
        "${WHO} #'",
        "from file ",
    ]
    assert {cluster.sasl and cluster.sasl.username for cluster in settings.clusters} == {"me"}


def test_a_secret_is_shown_nowhere(read: Callable[..., Settings]) -> None:
    settings = read(
        """
clusters:
  a: {bootstrap_servers: "a:1", tls: {}, sasl: {mechanism: PLAIN, username: u, password: hunter2}}
  b:
    bootstrap_servers: b:1
    sasl:
      mechanism: OAUTHBEARER
      oauth: {token_url: "https://x/y", client_id: me, client_secret: hunter2}
"""
    )
    shown = repr(settings) + repr(effective_settings(settings)) + "".join(warnings(settings))
    assert "hunter2" not in shown
    assert effective_settings(settings)["clusters"]["a"]["sasl"]["password"] == "<hidden>"
    assert effective_settings(settings)["clusters"]["b"]["sasl"]["oauth"]["client_id"] == "me"
    assert settings.clusters[1].sasl == Sasl(
        "OAUTHBEARER", oauth=OAuth("https://x/y", client_id="me", client_secret="hunter2")
    )


def test_the_name_that_goes_with_a_secret_may_come_from_a_file_too(
    read: Callable[..., Settings], tmp_path: Path
) -> None:
    (tmp_path / "id").write_text("me\n")
    oauth = "{token_url: 'https://x/y', client_id_file: id, client_secret: s}"
    settings = read(f"clusters: {{c: {{bootstrap_servers: 'a:1', sasl: {{mechanism: OAUTHBEARER, oauth: {oauth}}}}}}}")
    assert settings.clusters[0].sasl == Sasl("OAUTHBEARER", oauth=OAuth("https://x/y", "me", "s"))


def test_the_effective_settings_of_a_login_are_a_configuration(read: Callable[..., Settings]) -> None:
    settings = read(
        "clusters: {c: {bootstrap_servers: 'a:1', tls: {}, sasl: {mechanism: PLAIN, username: u, password: p}}}"
    )
    again = read(as_yaml(effective_settings(settings)).replace("<hidden>", "p"))
    assert again == settings


def test_a_flag_wins_over_the_file(read: Callable[..., Settings]) -> None:
    text = MINIMAL + "web: {listen_address: ':1', telemetry_path: /x}"
    settings = read(text, Flag("web.listen_address", ":2", "--web.listen-address"), servers("b:1,b:2"))
    assert (settings.web.listen_address, settings.web.telemetry_path) == (":2", "/x")
    assert settings.clusters == (Cluster("c", ("b:1", "b:2")),)


def test_servers_without_a_file_are_enough() -> None:
    assert load(None, [servers("a:1")], environment={}) == Settings(clusters=(Cluster("kafka", ("a:1",)),))
    assert load(None, [servers("a:1"), named("Prod")], environment={}).clusters[0].name == "Prod"


def test_servers_complete_a_file_that_names_no_cluster(read: Callable[..., Settings]) -> None:
    (cluster,) = read("defaults: {granularity: group}", servers("a:1")).clusters
    assert cluster == Cluster("kafka", ("a:1",), granularity="group")


def test_a_name_picks_one_cluster_of_the_file(read: Callable[..., Settings]) -> None:
    text = "clusters: {a: {bootstrap_servers: 'a:1'}, b: {bootstrap_servers: 'b:1', sasl: {mechanism: NONE}}}"
    assert [cluster.name for cluster in read(text, named("a")).clusters] == ["a"]
    assert read(text, named("a"), servers("z:1")).clusters[0].bootstrap_servers == ("z:1",)


def test_without_a_cluster_the_defaults_still_say_how_to_judge(tmp_path: Path) -> None:
    path = tmp_path / "kbe.yml"
    path.write_text("defaults: {evaluation: {window: 77s}}")
    settings = load(str(path), clusters_needed=False, environment={})
    assert settings.clusters == ()
    assert settings.evaluation.window == 77
    assert load(None, clusters_needed=False, environment={}) == Settings(clusters=())


def test_tls_that_says_nothing_more_is_in_force_all_the_same(read: Callable[..., Settings]) -> None:
    settings = read("clusters: {c: {bootstrap_servers: 'a:1', tls: {}}}")
    assert settings.clusters[0].tls == Tls()
    assert effective_settings(settings)["clusters"]["c"]["tls"] == {"verify_hostname": True}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("150s", 150), ("2m30s", 150), ("900ms", 0.9), ("1h", 3600), ("1d2h3m4s5ms", 93784.005), ("12", 12), ("0.5", 0.5)],
)
def test_a_duration_is_read_as_in_prometheus(text: str, seconds: float) -> None:
    assert durations.read(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "5 s", "1s2m", "1.5m", "-5s", "-1", "inf", "nan", "1e3", "٣s", "2y"])
def test_only_durations_are_read_as_durations(text: str) -> None:
    with pytest.raises(Invalid):
        durations.read(text)


@given(st.integers(0, 366 * 86_400_000))
def test_a_duration_that_is_written_is_read_as_the_same(milliseconds: int) -> None:
    assert durations.read(durations.write(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


def test_the_defaults_leave_out_throw_away_groups_and_kafkas_own_topics() -> None:
    cluster = Cluster("c", ())
    assert not cluster.groups.admits("console-consumer-123")
    assert cluster.groups.admits("my-console-consumer-123")
    assert not cluster.topics.admits("__consumer_offsets")
    assert cluster.topics.admits("__consumer_offsets_of_mine")


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [
        ("evaluation: {window: 1h, min_distance: 6s}", "too short for so long a window"),
        ("evaluation: {min_distance: 0}", "min_distance is 0"),
        ("evaluation: {min_distance: 60s}", "is shorter than 4 observations"),
        ("evaluation: {patience: 10s}", "may be called stalled sooner"),
        ("evaluation: {min_distance: 4s, window: 60s}", "sets the window's pace"),
        ("tls: {verify_hostname: false}", "can pass for a broker"),
        ("sasl: {mechanism: PLAIN, username: a, password: b}", "without tls"),
    ],
)
def test_a_setting_that_is_hardly_meant_is_told(read: Callable[..., Settings], cluster: str, expected: str) -> None:
    (warning,) = warnings(read(f"clusters: {{c: {{bootstrap_servers: 'a:1', {cluster}}}}}"))
    assert expected in warning
    assert warning.startswith('cluster "c"')


def test_usual_settings_are_not_remarked_upon(read: Callable[..., Settings]) -> None:
    assert warnings(read("clusters: {a: {bootstrap_servers: 'a:1'}, b: {bootstrap_servers: 'b:1'}}")) == ()


def test_one_cluster_under_two_names_is_told(read: Callable[..., Settings]) -> None:
    (warning,) = warnings(read("clusters: {a: {bootstrap_servers: 'x:1,y:1'}, b: {bootstrap_servers: 'y:1,x:1'}}"))
    assert "same bootstrap_servers" in warning
