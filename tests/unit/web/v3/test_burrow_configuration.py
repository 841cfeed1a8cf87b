"""The settings in Burrow's shape, without a secret."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from exporter.config import load
from exporter.core.evaluation import EvaluationSettings
from exporter.schema import ConfigError
from exporter.settings import Cluster, Collection, Groups, Log, OAuth, Sasl, Settings, Tls, Web
from tests.support.burrow_api import HOST, ask

SECRETS = ("s3cret", "k3y", "0auth")

PLAIN = Cluster("plain", ("k:1", "k:2"))
LOCKED = Cluster(
    "Locked/up",
    ("k:3",),
    client_id="me",
    tls=Tls("/ca.pem", "/cert.pem", "/key.pem", key_password=SECRETS[1], verify_hostname=False),
    sasl=Sasl("PLAIN", "somebody", SECRETS[0], oauth=OAuth("https://x/y", "somebody", SECRETS[2])),
    groups=Groups(allow=re.compile("^a<")),
    evaluation=EvaluationSettings(window=30, min_distance=0.9, intervals=12),
)
SETTINGS = Settings(
    (PLAIN, LOCKED),
    Collection(min_interval=7),
    Web(":9", access_control_allow_origin="https://d.example.com"),
    log=Log("warning"),
)

OPEN_PROFILE = '{"name":"plain","client-id":"kafka-burrow-exporter","kafka-version":"","tls":null,"sasl":null}'
LOCKED_PROFILE = (
    '{"name":"Locked/up","client-id":"me","kafka-version":"",'
    '"tls":{"name":"Locked/up","noverify":true,"certfile":"/cert.pem","keyfile":"/key.pem","cafile":"/ca.pem"},'
    '"sasl":{"name":"Locked/up","handshake-first":false,"username":"somebody"}}'
)

MODULES = {
    "storage/plain": '{"class-name":"inmemory","intervals":13,"min-distance":27,"group-allowlist":"","expire-group":0}',
    "storage/Locked%2Fup": (
        r'{"class-name":"inmemory","intervals":85,"min-distance":1,"group-allowlist":"^a\u003c","expire-group":0}'
    ),
    "evaluator/plain": '{"class-name":"caching","expire-cache":7}',
    "cluster/plain": (
        f'{{"class-name":"kafka","servers":["k:1","k:2"],"client-profile":{OPEN_PROFILE},'
        '"topic-refresh":7,"offset-refresh":7}'
    ),
    "cluster/Locked%2Fup": (
        f'{{"class-name":"kafka","servers":["k:3"],"client-profile":{LOCKED_PROFILE},'
        '"topic-refresh":7,"offset-refresh":7}'
    ),
    "consumer/Locked%2Fup": (
        r'{"class-name":"kafka","cluster":"Locked/up","servers":["k:3"],"group-allowlist":"^a\u003c",'
        f'"zookeeper-path":"","zookeeper-timeout":0,"client-profile":{LOCKED_PROFILE},'
        '"offsets-topic":"","start-latest":false}'
    ),
}


def request(path: str) -> str:
    return f'"request":{{"url":"{path}","host":"{HOST}"}}'


@pytest.mark.parametrize("path", MODULES)
def test_a_module_is_shown_in_burrows_shape(path: str) -> None:
    answer = ask(f"/v3/config/{path}", settings=SETTINGS)
    message = f'"message":"{path.partition("/")[0]} module detail returned"'
    asked = request(f"/v3/config/{path.replace('%2F', '/')}")
    assert answer.status == 200
    assert answer.text == f'{{"error":false,{message},"module":{MODULES[path]},{asked}}}'


def test_a_cluster_is_shown_at_its_own_address_too() -> None:
    answer = json.loads(ask("/v3/kafka/plain", settings=SETTINGS).body)
    assert (answer["message"], answer["module"]) == (
        "cluster module detail returned",
        json.loads(MODULES["cluster/plain"]),
    )


@pytest.mark.parametrize(
    ("coordinator", "modules"),
    [
        *((each, '["Locked/up","plain"]') for each in ("storage", "evaluator", "cluster", "consumer")),
        ("notifier", "[]"),
    ],
)
def test_there_is_a_module_of_each_kind_for_each_cluster_and_no_notifier(coordinator: str, modules: str) -> None:
    path = f"/v3/config/{coordinator}"
    expected = f'"coordinator":"{coordinator}","modules":{modules}'
    assert ask(path, settings=SETTINGS).text == (
        f'{{"error":false,"message":"module list returned",{request(path)},{expected}}}'
    )


def test_the_main_configuration_has_all_of_burrows_fields() -> None:
    assert ask("/v3/config", settings=SETTINGS).text == (
        f'{{"error":false,"message":"main config returned",{request("/v3/config")},'
        '"general":{"pidfile":"","stdout-logfile":"","access-control-allow-origin":"https://d.example.com"},'
        '"logging":{"filename":"","max-size":0,"max-backups":0,"max-age":0,"use-local-time":false,'
        '"use-compression":false,"level":"warning"},'
        '"zookeeper":{"servers":[],"timeout":0,"root-path":""},'
        '"httpserver":{"default":{"address":":9","tls":"","timeout":10}}}'
    )


def everything() -> dict[str, Any]:
    paths = ["/v3/config", "/v3/kafka", "/v3/kafka/Locked%2Fup"]
    for coordinator in ("storage", "evaluator", "cluster", "consumer", "notifier"):
        paths += [f"/v3/config/{coordinator}", f"/v3/config/{coordinator}/Locked%2Fup"]
    return {path: ask(path, settings=SETTINGS).text for path in paths}


def test_no_secret_is_ever_shown() -> None:
    shown = "".join(everything().values())
    assert "somebody" in shown
    assert not [secret for secret in SECRETS if secret in shown]


def loaded(folder: Path, web: str) -> Web:
    file = folder / "kbe.yml"
    file.write_text(f"clusters: {{c: {{bootstrap_servers: 'k:1'}}}}\nweb: {web}\n", encoding="utf-8")
    return load(str(file), environment={}).web


@pytest.mark.parametrize("origin", ["*", "https://d.example.com", "http://localhost:8080", "http://[::1]:80"])
def test_the_file_says_who_may_read_and_whether_to_delete(tmp_path: Path, origin: str) -> None:
    web = loaded(tmp_path, f"{{access_control_allow_origin: '{origin}', api_delete: true}}")
    assert (web.access_control_allow_origin, web.api_delete) == (origin, True)
    assert loaded(tmp_path, "{}") == Web()


@pytest.mark.parametrize(
    "origin", ["example.com", "https://a.example.com/", "https://a, https://b", "ftp://a", "https://"]
)
def test_what_is_no_origin_is_refused_with_how_to_write_it(tmp_path: Path, origin: str) -> None:
    with pytest.raises(ConfigError, match="write it as https://host"):
        loaded(tmp_path, f"{{access_control_allow_origin: '{origin}'}}")


def test_without_a_setting_no_page_of_another_origin_may_read() -> None:
    assert "access-control-allow-origin" not in ask("/v3/kafka").headers


@pytest.mark.parametrize("path", ["/v3/kafka", "/burrow/admin", "/v3/kafka/x", "/v3/kafka/", "/v3/x"])
def test_with_a_setting_pages_of_that_origin_may_read_every_answer(path: str) -> None:
    answer = ask(path, web=Web(access_control_allow_origin="https://d.example.com"))
    assert answer.headers["access-control-allow-origin"] == "https://d.example.com"
