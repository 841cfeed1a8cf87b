"""What is said of a configuration that cannot be used."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.config import Flag, load
from exporter.schema import ConfigError

CLUSTER = "clusters: {c: {bootstrap_servers: 'a:1', %s}}"
TLS = CLUSTER % "tls: {%s}"
SASL = CLUSTER % "sasl: {%s}"
METRICS = CLUSTER % "metrics: {%s}"
EVALUATION = CLUSTER % "evaluation: {%s}"
REST = "clusters: {c: {bootstrap_servers: 'a:1'}}\n%s"


@pytest.fixture
def mistakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """The lines that are printed for a file, which is called kbe.yml."""
    monkeypatch.chdir(tmp_path)

    def mistakes(text: str | bytes, *flags: Flag, **environment: str) -> list[str]:
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "kbe.yml").write_bytes(content)
        with pytest.raises(ConfigError) as caught:
            load("kbe.yml", flags, environment=environment)
        return str(caught.value).splitlines()

    return mistakes


def test_every_mistake_is_told_at_once_with_its_place(mistakes: Callable[..., list[str]]) -> None:
    text = """\
clusters:
  Prod:
    bootstrap_servers: [a:9092, b]
    sasl:
      mechanism: PLAN
      pasword: y
    evaluation: {window: abc}
    window: 5
  Prod: {}
web:
  listen_address: 8000
logs: {}
"""
    expected = """\
--log.level: "warn" is not a level; use one of debug, info, warning, error (did you mean "warning"?)
kbe.yml:3:33: clusters.Prod.bootstrap_servers[1]: "b" is not an address; write it as host:port or [ipv6]:port\
 (the port is missing)
kbe.yml:5:18: clusters.Prod.sasl.mechanism: "PLAN" is not a mechanism; use one of PLAIN, SCRAM-SHA-256,\
 SCRAM-SHA-512, OAUTHBEARER, GSSAPI, AWS_MSK_IAM (did you mean "PLAIN"?)
kbe.yml:6:7: clusters.Prod.sasl.pasword: unknown key; did you mean "password"?
kbe.yml:7:26: clusters.Prod.evaluation.window: "abc" is not a duration; write it as 150s, 2m30s, 900ms,\
 or a number of seconds
kbe.yml:8:5: clusters.Prod.window: unknown key; did you mean "clusters.<name>.evaluation.window"?
kbe.yml:9:3: clusters.Prod: given twice, first on line 2
kbe.yml:11:19: web.listen_address: "8000" is not an address; write it as :port, host:port or [ipv6]:port\
 (did you mean :8000?)
kbe.yml:12:1: logs: unknown key; did you mean "log"?
"""
    assert mistakes(text, Flag("log.level", "warn", "--log.level")) == expected.splitlines()


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        pytest.param("", "", "is empty", id="empty"),
        pytest.param("# nothing\n---\n", "# nothing", "is empty", id="comments only"),
        pytest.param("- a\n", "- a", "must be a mapping", id="a list"),
        pytest.param("hello\n", "hello", "must be a mapping", id="text"),
        pytest.param("web: {}\n", "web: {}", "no cluster to monitor", id="no cluster"),
        pytest.param("clusters: {}\n", "clusters: {}", "no cluster to monitor", id="clusters empty"),
        pytest.param("clusters:\n", "clusters:", "is empty", id="clusters without value"),
        pytest.param("clusters: [a]\n", "clusters: [a]", "must be a mapping of keys, not a list", id="clusters a list"),
        pytest.param("clusters: {c: 1}\n", "1}", "must be a mapping of keys, not a text", id="cluster a number"),
        pytest.param("clusters: {c: {}}\n", "c: {}}", "bootstrap_servers is missing", id="no servers"),
        pytest.param("clusters: {'': {bootstrap_servers: 'a:1'}}\n", "'': {bootstrap", "needs a name", id="no name"),
        pytest.param("clusters: {c: {bootstrap_servers: []}}\n", "bootstrap_serv", "is an empty list", id="empty list"),
        pytest.param("a: [\n b: }\n", "}", "not valid YAML", id="no YAML"),
        pytest.param("a: 1\n\tb: 2\n", "\tb: 2", "not valid YAML", id="a tab"),
        pytest.param("a: 1\n---\nb: 2\n", "---", "not valid YAML", id="two documents"),
        pytest.param("a: *b\n", "*b", "text that starts with * needs quotes", id="unknown alias"),
        pytest.param('a: "\\UFFFFFFFF"\n', 'FFFFFFFF"', "not valid YAML", id="an escape beyond Unicode"),
        pytest.param(r'clusters: {"\ud800": {}}', '"', "a key must be plain text", id="half a pair"),
        pytest.param(REST % 'log: {level: "\\ud800"}', '"\\ud800"}', "not valid Unicode", id="half a pair in text"),
        pytest.param("a: \x07\n", "\x07", r'"\u0007" is not allowed', id="a control character"),
        pytest.param(b"a: 1\nb: \xff\n", "�", "not UTF-8", id="not UTF-8"),
        pytest.param("[" * 5000, "[[[[[[[[[[[[[[", "nested too deeply", id="deep"),
        pytest.param("clusters: &c {c: *c}\n", "c: *c}", "refers to something that contains it", id="cycle"),
        pytest.param("? [a]\n: b\n", "[a]", "a key must be plain text", id="a list as key"),
        pytest.param(REST % "web: !x {}", "!x {}", "a tag (!name) has no meaning", id="tag"),
        pytest.param(REST % "web: {<<: {}}", "<<: {}}", "put what clusters share under defaults", id="merge key"),
        pytest.param(REST % "web: []", "web: []", "must be a mapping of keys, not a list", id="section a list"),
        pytest.param(REST % "web: {listen_address: }", "listen_address", "has no value", id="no value"),
        pytest.param(REST % "web: {listen_address: 'a b:1'}", "'a b:1'}", "is not a host name", id="host"),
        pytest.param(REST % "web: {listen_address: ':65536'}", "':65536'}", "from 1 to 65535", id="port"),
        pytest.param(REST % "web: {listen_address: '[x]:1'}", "'[x]:1'}", "not an IPv6 address", id="ipv6"),
        pytest.param(REST % "web: {telemetry_path: metrics}", "metrics}", "write it as /metrics", id="path"),
        pytest.param(REST % "web: {telemetry_path: /}", "/}", "write it as /metrics", id="path of the pages"),
        pytest.param(REST % "web: {telemetry_path: /-/ready}", "/-/ready}", "is taken", id="path taken"),
        pytest.param(REST % "web: {telemetry_path: /v3/x}", "/v3/x}", "is taken", id="path of the API"),
        pytest.param(REST % "shard: {count: 0}", "0}", "from 1 to 1000", id="no shard"),
        pytest.param(REST % "shard: {index: pod-x}", "pod-x}", "the name of a StatefulSet's pod", id="shard's name"),
        pytest.param(REST % "shard: {count: 3, index: 3}", "index", "the index is 0 to 2", id="shard beyond the last"),
        pytest.param(REST % "shard: {index: pod-1}", "index", "the index is 0, the only one", id="one shard"),
        pytest.param(REST % "web: {telemetry_path: /clusters}", "/clusters}", "is taken", id="path of the pages below"),
        pytest.param(REST % "web: {telemetry_path: /state}", "/state}", "is taken", id="path of the state"),
        pytest.param(REST % "web: {telemetry_path: /assets/x}", "/assets/x}", "is taken", id="path of the assets"),
        pytest.param(REST % "web: {telemetry_path: /sd}", "/sd}", "is taken", id="path of the discovery"),
        pytest.param(REST % "log: {format: xml}", "xml}", "use one of logfmt, json", id="log format"),
        pytest.param(REST % "collection: {timeout_offset: 10s}", "timeout_offset", "must be shorter", id="offset"),
        pytest.param(REST % "collection: {scrape_timeout: 0.1}", "scrape_timeout", "must be shorter", id="timeout"),
        pytest.param(REST % "collection: {scrape_timeout: 0}", "0}", "must be longer than 0", id="zero"),
        pytest.param(REST % "collection: {min_interval: -1s}", "-1s}", "is not a duration", id="negative"),
        pytest.param(REST % "collection: {min_interval: -1}", "-1}", "cannot be negative", id="below 0"),
        pytest.param(REST % "collection: {min_interval: 2y}", "2y}", "longer than a year", id="for ever"),
        pytest.param(
            REST % "defaults: {granularty: topic}", "granularty: to", 'did you mean "granularity"', id="default"
        ),
        pytest.param(CLUSTER % "granularity: topics", "topics}}", 'did you mean "topic"', id="granularity"),
        pytest.param(
            METRICS % "include: [lean, kafka_consumer_status]",
            "kafka_consumer_status]",
            '"kafka_consumer_status" is not a metric family; did you mean "burrow_kafka_consumer_status"?',
            id="metric family",
        ),
        pytest.param(METRICS % "exclude: foo", "foo}}}", "docs/metrics.md lists them", id="no such family"),
        pytest.param(METRICS % "include: [leen]", "leen]", 'did you mean "lean"?', id="preset"),
        pytest.param(METRICS % "include: []", "include: []", "is an empty list", id="no family"),
        pytest.param(
            METRICS % "exclude: [burrow_exporter_build_info]", "burrow_exporter_build", "always exported", id="build"
        ),
        pytest.param(
            METRICS % "include: [kafka_consumergroup_lag]",
            "kafka_consumergroup_lag]",
            "give compatibility: [kafka_exporter]",
            id="another exporter's family",
        ),
        pytest.param(METRICS % "compatibility: [kminio]", "kminio]", 'did you mean "kminion"?', id="compatibility"),
        pytest.param(
            METRICS % "exclude: [kafka_consumergroup_lags]",
            "kafka_cons",
            'mean "kafka_consumergroup_lag"?',
            id="exclude",
        ),
        pytest.param(METRICS % "partitions: unwell", "unwell}}}", "use one of all, unhealthy", id="partitions"),
        pytest.param(REST % "defaults: {metrics: {include: [x]}}", "x]}}", "is not a metric family", id="in defaults"),
        pytest.param(CLUSTER % "start_offsets: 1", "1}}", "neither true nor false", id="flag"),
        pytest.param(CLUSTER % "client_id: [a]", "client_id: [a]", "must be text, not a list", id="text"),
        pytest.param(CLUSTER % "client_id: ' '", "' '}}", "is empty", id="blank"),
        pytest.param(CLUSTER % "groups: {deny: '('}", "'('}}}", "not a regular expression of RE2", id="regex"),
        pytest.param(
            CLUSTER % "groups: {deny: 'a{9999}'}",
            "'a{9999}",
            "not a regular expression",
            id="huge regex",
        ),
        pytest.param(CLUSTER % "groups: '^a'", "'^a'}}", "must be a mapping", id="groups a text"),
        pytest.param(EVALUATION % "intervals: 0", "0}}}", "from 1 to 128", id="intervals 0"),
        pytest.param(EVALUATION % "intervals: 1.5", "1.5}}}", "is not a whole number", id="intervals 1.5"),
        pytest.param(EVALUATION % "allowed_lag: -1", "-1}}}", "is out of range", id="allowed_lag"),
        pytest.param(EVALUATION % "minimum_complete: 1.1", "1.1}}}", "a number from 0 to 1", id="share"),
        pytest.param(EVALUATION % "minimum_complete: x", "x}}}", "is not a number", id="share a text"),
        pytest.param(EVALUATION % "window: 0", "0}}}", "must be longer than 0", id="window"),
        pytest.param(CLUSTER % "tls:", "tls:", "write tls: {} if that is intended", id="tls without value"),
        pytest.param(TLS % "ca_file: nope.pem", "nope.pem}}}", "no such file or directory", id="no such file"),
        pytest.param(TLS % "ca_file: .", ".}}}", "is a directory", id="a directory"),
        pytest.param(TLS % "ca_file: kbe.yml", "ca_file: kbe.y", "holds no certificate", id="no PEM"),
        pytest.param(TLS % "cert_file: kbe.yml", "cert_file: kbe", "OpenSSL cannot use it", id="no PEM certificate"),
        pytest.param(TLS % "key_file: kbe.yml", "key_file: kbe.", "add cert_file", id="key without certificate"),
        pytest.param(TLS % "key_password: x", "key_password: ", "add cert_file and key_file", id="password of nothing"),
        pytest.param(SASL % "username: u", "sasl: {usernam", "mechanism is missing", id="no mechanism"),
        pytest.param(SASL % "mechanism: PLAIN, password: p", "sasl: {mechani", "PLAIN needs username", id="no user"),
        pytest.param(
            SASL % "mechanism: SCRAM-SHA-256, username: u", "sasl: {mechani", "needs password", id="no password"
        ),
        pytest.param(
            SASL % "mechanism: OAUTHBEARER", "sasl: {mechani", "token_url, client_id, client_secret", id="oauth"
        ),
        pytest.param(
            SASL % "mechanism: OAUTHBEARER, oauth: {token_url: 'http://x', client_id: a}",
            "oauth: {token_",
            "needs client_secret here",
            id="oauth without secret",
        ),
        pytest.param(
            SASL % "mechanism: OAUTHBEARER, oauth: {token_url: x, client_id: a, client_secret: b}",
            "x, client_id: ",
            "is not a URL",
            id="token_url",
        ),
        pytest.param(
            SASL % "mechanism: PLAIN, username: u, password: p, kerberos: {}",
            "kerberos: {}}}",
            "is for GSSAPI",
            id="a section for another mechanism",
        ),
        pytest.param(
            SASL % "mechanism: PLAIN, username: u, password: p, password_file: kbe.yml",
            "password_file:",
            "give password or password_file, not both",
            id="two passwords",
        ),
        pytest.param(
            SASL % "mechanism: PLAIN, username: u, password: '${NOPE}'",
            "'${NOPE}'}}}",
            "the environment variable NOPE is not set",
            id="no such variable",
        ),
        pytest.param(
            SASL % "mechanism: PLAIN, username: u, password: '${EMPTY}'",
            "'${EMPTY}'}}}",
            "the environment variable EMPTY is empty",
            id="empty variable",
        ),
        pytest.param(
            SASL % "mechanism: PLAIN, username: u, password_file: nope",
            "nope}}}",
            "no such file or directory",
            id="no such secret",
        ),
        pytest.param(
            SASL % "mechanism: PLAIN, username: u, password_file: empty", "empty}}}", "is empty", id="empty secret"
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(
    mistakes: Callable[..., list[str]], tmp_path: Path, text: str | bytes, at: str, message: str
) -> None:
    (tmp_path / "empty").write_text("\n")
    (told,) = mistakes(text, EMPTY="")
    assert message in told
    place = re.match(r"kbe\.yml:(\d+):(\d+): ", told)
    assert place is not None
    content = text if isinstance(text, str) else text.decode("utf-8", "replace")
    line = content.split("\n")[int(place[1]) - 1]
    assert line[int(place[2]) - 1 :].startswith(at)


@pytest.mark.parametrize(("mechanism", "library"), [("GSSAPI", "gssapi"), ("AWS_MSK_IAM", "botocore")])
def test_a_mechanism_whose_library_is_not_installed_says_what_to_install(
    mistakes: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, mechanism: str, library: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    (line,) = mistakes(CLUSTER % f"tls: {{}}, sasl: {{mechanism: {mechanism}}}")
    assert f"{mechanism} needs the package {library}; pip install" in line


def test_zookeeper_says_what_to_install_if_its_library_is_not(
    mistakes: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    (line,) = mistakes(CLUSTER % "zookeeper: {servers: 'z:2181'}")
    assert 'reading ZooKeeper needs the package kazoo; pip install "kafka-burrow-exporter[zookeeper]"' in line


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("root: /kafka", "servers is missing"),
        ("servers: 'z:2181', root: kafka", '"kafka" is not a path in ZooKeeper; write it as /kafka, or / for none'),
        ("servers: 'z:2181', root: /a/../b", "is not a path in ZooKeeper"),
        ("servers: 'z:2181', username: a", "digest authentication needs password (or password_file) too"),
        ("servers: 'z:2181', password: a", "digest authentication needs username (or username_file) too"),
        ("servers: 'zk://z:2181'", "leave out what is before ://"),
    ],
)
def test_what_is_wrong_about_a_zookeeper_is_told(mistakes: Callable[..., list[str]], keys: str, said: str) -> None:
    (line,) = mistakes(CLUSTER % f"zookeeper: {{{keys}}}")
    assert said in line


def test_msk_iam_needs_tls(mistakes: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())
    assert mistakes(SASL % "mechanism: AWS_MSK_IAM") == [
        'kbe.yml:1:42: clusters.c.sasl: AWS_MSK_IAM works over TLS only; add "tls: {}"'
    ]


def test_a_mistake_in_the_defaults_is_told_once_where_it_stands(mistakes: Callable[..., list[str]]) -> None:
    text = "defaults: {bootstrap_servers: 'a:1', sasl: {mechanism: PLAN}}\nclusters: {a: {}, b: {}, c: {}}"
    (line,) = mistakes(text)
    assert line.startswith('kbe.yml:1:56: defaults.sasl.mechanism: "PLAN"')


def test_aliases_that_grow_without_end_are_refused(mistakes: Callable[..., list[str]]) -> None:
    bomb = "a: &a0 [x, x]\n" + "".join(f"b{i}: &a{i + 1} [{', '.join([f'*a{i}'] * 10)}]\n" for i in range(9))
    assert any("too large to be a configuration" in line for line in mistakes(bomb))


def test_what_does_not_print_is_escaped_so_that_a_mistake_stays_one_line(mistakes: Callable[..., list[str]]) -> None:
    assert mistakes(REST % r'"a\nb\u2028c\e[31m": 1') == [
        (
            r'kbe.yml:2:1: "a\nb\u2028c\u001b[31m": unknown key; known here:'
            " clusters, collection, defaults, log, shard, storage, web"
        )
    ]


@pytest.mark.parametrize("text", ["{password: *hunter2}", "{password: !hunter2 x}", "{password: '${hunter 2}'}"])
def test_a_password_that_yaml_or_we_misread_is_not_shown(mistakes: Callable[..., list[str]], text: str) -> None:
    assert "hunter" not in "".join(mistakes(f"clusters: {{c: {{bootstrap_servers: 'a:1', sasl: {text}}}}}"))


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("nope.yml", "nope.yml: cannot be read: no such file or directory"),
        (".", ".: cannot be read: is a directory"),
        ("", '"": cannot be read: is a directory'),
        ("a\0b", r"a\u0000b: cannot be read: embedded null byte"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(file: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(file, environment={})
    assert str(caught.value) == message


def test_servers_alone_do_not_say_which_of_several_clusters_they_are_of(mistakes: Callable[..., list[str]]) -> None:
    text = "defaults: {bootstrap_servers: 'a:1'}\nclusters: {a: {}, b: {}}"
    assert mistakes(text, Flag("kafka.bootstrap_servers", "z:1", "KBE_KAFKA_BOOTSTRAP_SERVERS")) == [
        'KBE_KAFKA_BOOTSTRAP_SERVERS: which cluster? choose it with --kafka.cluster-name; there are "a", "b"'
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("prd", '--kafka.cluster-name: no cluster "prd" in the file; did you mean "prod"?'),
        ("x", '--kafka.cluster-name: no cluster "x" in the file; there are "prod"'),
        (" ", "--kafka.cluster-name: is empty; it is the name of a cluster"),
    ],
)
def test_a_name_that_the_file_does_not_have_is_told(
    mistakes: Callable[..., list[str]], name: str, message: str
) -> None:
    text = "clusters: {prod: {bootstrap_servers: 'a:1'}}"
    assert mistakes(text, Flag("kafka.cluster_name", name, "--kafka.cluster-name")) == [message]


def test_nothing_configured_is_one_line() -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, environment={})
    assert str(caught.value) == (
        "kafka-burrow-exporter: no cluster to monitor; give --config.file FILE or --kafka.bootstrap-servers HOST:PORT"
    )
