"""Whole configurations of Burrow's: what they become is accepted by the programs that read it, and nothing is lost."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.config import load
from exporter.conversion import Converted, convert
from exporter.conversion.not_needed import NOT_NEEDED
from exporter.settings import Settings, ZooKeeper
from exporter.web import config as web_config
from tests.support.certificates import Authority

QUOTED = r'"orders.\"quoted\"7"'
DATA = Path(__file__).parent / "data"
ALL = ["sample.toml", "article.toml", "every-key.toml", "old.toml"]
ENVIRONMENT = {"LAG_SASL_BROKERS_PASSWORD": "hunter2"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificates."""
    made = tmp_path_factory.mktemp("certificates")
    Authority(made).sign("server", "DNS:localhost")
    return made


def text_of(name: str, folder: Path) -> str:
    return (DATA / name).read_text("utf-8").replace("FOLDER", str(folder))


def written(converted: Converted, folder: Path) -> Path:
    """The files as the command writes them; the path of the exporter's."""
    for name, text in (("web.yml", converted.web), ("alertmanager.yml", converted.alertmanager)):
        if text is not None:
            (folder / name).write_text(text, "utf-8")
    path = folder / "kbe.yml"
    path.write_text(converted.exporter, "utf-8")
    return path


def loaded(name: str, certificates: Path, folder: Path) -> Settings:
    path = written(convert(text_of(name, certificates), name), folder)
    return load(str(path), environment=ENVIRONMENT)


@pytest.mark.parametrize("name", ALL)
def test_what_is_written_can_be_loaded_by_the_exporter_and_by_alertmanager(
    name: str, folder: Path, tmp_path: Path
) -> None:
    settings = loaded(name, folder, tmp_path)
    if settings.web.config_file is not None:
        assert web_config.load(settings.web.config_file).tls is not None
    if (notifying := tmp_path / "alertmanager.yml").exists():
        checked = subprocess.run(
            ["amtool", "check-config", str(notifying)], check=False, capture_output=True, text=True
        )
        assert checked.returncode == 0, checked.stderr


def keys(values: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in values.items():
        if isinstance(value, dict) and name not in {"extras", "headers"}:
            yield from keys(value, (*above, name.lower()))
        else:
            yield (*above, name.lower())


CONVERTED = {
    "general": {"access-control-allow-origin": "access_control_allow_origin: https://dashboard.example.com"},
    "logging": {"level": "level: warning"},
    "tls": {
        "certfile": "cert_file: FOLDER/server.pem",
        "keyfile": "key_file: FOLDER/server.key",
        "cafile": "ca_file: FOLDER/ca.pem",
        "noverify": "verify_hostname: false",
    },
    "sasl": {"mechanism": "mechanism: SCRAM-SHA-512", "username": "username: monitor"},
    "client-profile": {
        "client-id": "client_id: burrow-prod",
        "tls": "tls:",
        "sasl": "sasl:",
        "read-timeout": "request_timeout: 20s",
    },
    "cluster": {
        "class-name": "prodeu:",
        "servers": "bootstrap_servers: ['kafka-1:9093', 'kafka-2:9093']",
        "client-profile": "client_id: burrow-prod",
    },
    "consumer": {
        "class-name": "prodeu:",
        "cluster": "prodeu:",
        "servers": "bootstrap_servers: ['kafka-1:9093', 'kafka-2:9093']",
        "client-profile": "client_id: burrow-prod",
        "group-allowlist": r"allow: ^(orders|payments)\.",
        "group-denylist": "deny: (?:-test$)|(?:^tmp-)",
    },
    "storage": {
        "class-name": "intervals:",
        "intervals": "intervals: 10",
        "group-allowlist": r"allow: ^(orders|payments)\.",
        "group-denylist": "deny: (?:-test$)|(?:^tmp-)",
    },
    "evaluator": {
        "class-name": "minimum_complete:",
        "expire-cache": "min_interval: 10s",
        "minimum-complete": "minimum_complete: 0.5",
        "allowed-lag": "allowed_lag: 20",
    },
    "httpserver": {"address": "listen_address: 127.0.0.1:8100", "tls": "config_file: web.yml"},
    "notifier": {
        "class-name": "webhook_configs:",
        "cluster": 'cluster = "prodeu"',
        "send-interval": "repeat_interval: 300s",
        "threshold": "KafkaConsumerGroup(Stopped|Stalled|Rewound|InError)",
        "group-allowlist": r'consumer_group =~ "(?s:.*)(?:^orders\\.)(?s:.*)"',
        "group-denylist": r'consumer_group !~ "(?s:.*)(?:\"quoted\"\\d+$)(?s:.*)"',
        "extras": 'extras: the values "team"',
        "send-close": "send_resolved: true",
        "send-once": "repeat_interval: 30d",
        "url-open": "url: https://events.example.com/open",
        "timeout": "#timeout: 5s",
        "username": "username: burrow",
        "password": "password: hunter2",
        "headers": 'The headers "authorization" are not sent',
        "extra-ca": "ca_file: FOLDER/ca.pem",
        "noverify": "insecure_skip_verify: true",
        "server": "smarthost: smtp.example.com:587",
        "port": "smarthost: smtp.example.com:587",
        "from": "from: burrow@example.com",
        "to": "to: oncall@example.com",
        "auth-type": "auth_secret: hunter2",
    },
}
"""Kind of section → key → what stands in a file because of it."""


def test_every_key_is_converted_or_named_with_the_reason(folder: Path) -> None:
    converted = convert(text_of("every-key.toml", folder), "burrow.toml")
    texts = "\n".join(filter(None, (converted.exporter, converted.web, converted.alertmanager)))
    one_line = " ".join(re.sub(r"\n *#", "\n", texts).split())
    for path in keys(tomllib.loads(text_of("every-key.toml", folder))):
        kind, key = path[0], path[-1]
        if expected := CONVERTED.get(kind, {}).get(key):
            assert expected.replace("FOLDER", str(folder)).replace("#", "") in one_line, path
        elif path[:2] in {("client-profile", "unused"), ("iam", "msk")}:
            assert ".".join(path) in one_line, path
        else:
            assert NOT_NEEDED[kind][key] in one_line, path
            assert ".".join(path) in one_line, path


def test_nothing_in_the_samples_is_unknown(folder: Path) -> None:
    for name in ALL:
        converted = convert(text_of(name, folder), name)
        assert "no such key" not in converted.exporter + (converted.alertmanager or "")
        assert "no section" not in converted.exporter


def test_a_key_that_is_only_in_another_section_s_list_is_named_as_one_that_burrow_ignores() -> None:
    text = '[cluster.a]\nservers=["a:1"]\nworkers=3\n[clutser.b]\nservers=["b:1"]\n'
    foot = convert(text, "burrow.toml").exporter
    assert "cluster.a.workers: Burrow has no such key here, and ignores it." in foot
    assert 'clutser.b.servers: Burrow has no section [clutser], and ignores it (did you mean "cluster"?).' in foot


def test_the_sample_says_what_it_said_to_burrow(folder: Path, tmp_path: Path) -> None:
    settings = loaded("sample.toml", folder, tmp_path)
    (cluster,) = settings.clusters
    assert cluster.name == "local"
    assert cluster.bootstrap_servers == tuple(f"kafka-{n}.example.com:10251" for n in (1, 2, 3))
    assert cluster.client_id == "burrow-test"
    assert cluster.groups.deny is not None
    assert cluster.groups.deny.pattern == "^(console-consumer-|python-kafka-consumer-|quick-).*$"
    assert cluster.evaluation.intervals == 15
    assert settings.web.listen_address == ":8000"
    assert settings.web.access_control_allow_origin is None


def test_zookeeper_s_consumer_is_read_and_a_second_one_is_a_comment_with_the_reason(
    folder: Path, tmp_path: Path
) -> None:
    (cluster,) = loaded("article.toml", folder, tmp_path).clusters
    assert cluster.zookeeper == ZooKeeper(servers=("zookeeper:2181",), root="/kafka")
    assert "Groups in ZooKeeper had lists of their own" in (tmp_path / "kbe.yml").read_text("utf-8")
    second = '[consumer.other_zk]\nclass-name="kafka_zk"\ncluster="kafka"\nservers=["other:2181"]\n'
    exporter = convert(f"{text_of('article.toml', folder)}\n{second}", "burrow.toml").exporter
    assert "    #zookeeper:\n    #  servers: ['other:2181']\n    #  root: /\n" in exporter
    assert "[consumer.other_zk] is not converted: a cluster has one place in ZooKeeper" in exporter


def test_the_article_s_configuration_has_no_notifiers_and_no_tls(folder: Path, tmp_path: Path) -> None:
    converted = convert(text_of("article.toml", folder), "burrow.toml")
    assert (converted.web, converted.alertmanager) == (None, None)
    (cluster,) = loaded("article.toml", folder, tmp_path).clusters
    assert cluster.bootstrap_servers == ("broker-1:9092", "broker-2:9092", "broker-3:9092")
    assert not cluster.groups.admits("console-consumer-1")
    assert cluster.groups.admits("quick-1"), "Burrow's deny list names it not, though our default does"


def test_names_and_keys_are_read_in_any_case_and_old_names_are_known(folder: Path, tmp_path: Path) -> None:
    (cluster,) = loaded("old.toml", folder, tmp_path).clusters
    assert (cluster.name, cluster.client_id) == ("old", "old")
    assert cluster.bootstrap_servers == ("old-1:9092", "old-2:9092")
    assert cluster.groups.admits("BILLING12")
    assert not cluster.groups.admits("billing12x")
    assert 'Written "Old"' in (tmp_path / "kbe.yml").read_text("utf-8")


def test_a_secret_that_burrow_has_from_its_environment_is_named_by_its_variable(folder: Path, tmp_path: Path) -> None:
    (cluster,) = loaded("every-key.toml", folder, tmp_path).clusters
    assert cluster.sasl is not None
    assert cluster.sasl.password == ENVIRONMENT["LAG_SASL_BROKERS_PASSWORD"]


def test_several_receivers_keep_their_names_and_each_gets_its_alerts(folder: Path, tmp_path: Path) -> None:
    written(convert(text_of("every-key.toml", folder), "burrow.toml"), tmp_path)
    path = str(tmp_path / "alertmanager.yml")
    for labels, receivers in (
        ("alertname=KafkaConsumerGroupStopped cluster=prodeu consumer_group=orders.eu", "hook,slack,mail,nobody"),
        ("alertname=KafkaConsumerGroupStopped cluster=other consumer_group=orders.eu", "slack,mail,nobody"),
        ("alertname=KafkaConsumerGroupStopped cluster=prodeu consumer_group=" + QUOTED, "slack,mail,nobody"),
        ("alertname=KafkaConsumerGroupFallingBehind cluster=prodeu consumer_group=orders.eu", "slack,mail,nobody"),
        ("alertname=BurrowExporterDown", "hook"),
    ):
        found = subprocess.run(
            ["amtool", "config", "routes", "test", "--config.file", path, *labels.split()],
            check=True,
            capture_output=True,
            text=True,
        )
        assert found.stdout.strip() == receivers, labels
    assert [each["name"] for each in yaml.safe_load(Path(path).read_text("utf-8"))["receivers"]] == [
        "hook",
        "slack",
        "mail",
        "nobody",
    ]


def test_what_comes_from_the_file_cannot_leave_its_line() -> None:
    text = (
        '[cluster.a]\nservers=["a:1"]\n[httpserver.b]\naddress=":1"\n[httpserver."c\\nx: y"]\naddress=":2\\nevil: 1"\n'
        '[general]\naccess-control-allow-origin="x\\u0085evil: 1"\n'
    )
    exporter = convert(text, "burrow\n.toml").exporter
    assert set(yaml.safe_load(exporter)) == {"clusters", "web"}
    assert not [line for line in exporter.splitlines() if line.startswith(("evil", "x: y"))]


def test_iam_becomes_msk_s_mechanism_over_tls_and_says_what_aws_must_know() -> None:
    text = (
        '[cluster.msk]\nservers=["b-1.msk:9098"]\nclient-profile="msk"\n[client-profile.msk]\niam="msk"\n'
        '[iam.msk]\nregion="eu-central-1"\nrole-arn="arn:aws:iam::1:role/monitor"\n'
    )
    exporter = convert(text, "burrow.toml").exporter
    written = yaml.safe_load(exporter)["clusters"]["msk"]
    assert (written["tls"], written["sasl"]) == ({}, {"mechanism": "AWS_MSK_IAM"})
    assert 'AWS_REGION="eu-central-1"' in exporter
    assert 'AWS_ROLE_ARN="arn:aws:iam::1:role/monitor"' in exporter


def test_several_consumers_may_watch_one_cluster() -> None:
    text = (
        '[cluster.a]\nservers=["a:1"]\n[consumer.one]\ncluster="a"\nservers=["a:1"]\ngroup-allowlist="^one"\n'
        '[consumer.two]\ncluster="A"\nservers=["b:1"]\ngroup-allowlist="^two"\n'
    )
    exporter = convert(text, "burrow.toml").exporter
    assert yaml.safe_load(exporter)["clusters"]["a"]["groups"] == {"allow": "(?:^one)|(?:^two)", "deny": ""}
    assert "[consumer.two] connected to other servers" in exporter
    assert '[consumer.two] has cluster="A", under which Burrow finds none of its groups' in exporter
