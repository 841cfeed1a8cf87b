"""What is wrong with a configuration of Burrow's is said with its place and a way to mend it, all at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.conversion import convert
from exporter.schema import ConfigError

CLUSTER = '[cluster.a]\nservers=["a:1"]\n'


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        convert(text, "burrow.toml")
    return [str(mistake) for mistake in raised.value.mistakes]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "[cluster.a]\nservers=[\n",
            "burrow.toml:2:10: not valid TOML: invalid value; a list needs a bracket at its end",
        ),
        (
            "[cluster.a]\nclass-name=kafka\n",
            'burrow.toml:2:12: not valid TOML: invalid value; text needs quotes: key="text"',
        ),
        ("[cluster.a\n", "burrow.toml:1:11: not valid TOML: "),
        (
            "[cluster.a]\nx=1\nx=2\n",
            "burrow.toml:3:4: not valid TOML: cannot overwrite a value; a section or key is given twice",
        ),
        ("[cluster.a]\n[cluster.a]\n", "burrow.toml:2:11: not valid TOML: cannot declare"),
        ('[consumer.a]\ngroup-denylist="\\d+"\n', "or put the text between single quotes"),
        ('[kafka "local"]\nbroker=a:1\n', "looks like the configuration of Burrow 0.x"),
        ("nonsense\n", "sections are written [cluster.name]"),
        ("a=" + "[" * 5000, "nested too deeply"),
    ],
)
def test_what_is_not_toml_is_said_with_its_place_and_a_way_to_mend_it(text: str, says: str) -> None:
    (mistake,) = mistakes(text)
    assert says in mistake


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", 'burrow.toml:1:1: cluster: there is no cluster; add [cluster.NAME] with servers=["host:port"]'),
        ("[cluster.a]\n", 'burrow.toml:1:2: cluster.a: has no servers; add servers=["host:port", "host:port"]'),
        (
            '[cluster]\nservers=["a:1"]\n',
            "burrow.toml:2:1: cluster.servers: must be a section, written [cluster.servers]",
        ),
        (CLUSTER + '[cluster.A]\nservers=["b:1"]\n', 'burrow.toml:3:2: cluster.a: is there as "a" and as "A"'),
        (
            CLUSTER + 'client-profile="x"\n',
            "burrow.toml:3:1: cluster.a.client-profile: there is no section [client-profile.x]",
        ),
        (
            CLUSTER + '[consumer.b]\ncluster="c"\n',
            'burrow.toml:4:1: consumer.b.cluster: there is no section [cluster.c]; there are "a"',
        ),
        (CLUSTER + "[consumer.b]\n", "burrow.toml:3:2: consumer.b: names no cluster; add cluster="),
        (CLUSTER + '[consumer.b]\ncluster="a"\nclass-name="storm"\n', "must be kafka or kafka_zk"),
        (
            CLUSTER + '[consumer.b]\ncluster="a"\nservers=["a:1"]\ngroup-allowlist="("\n',
            "burrow.toml:6:1: consumer.b.group-allowlist",
        ),
        (
            CLUSTER + '[consumer.b]\ncluster="a"\ngroup-whitelist="a"\ngroup-allowlist="b"\n',
            "is the old name of group-allowlist",
        ),
        (
            CLUSTER + "[storage.a]\n[storage.b]\n",
            "burrow.toml:4:2: storage.b: Burrow takes one section [storage.NAME] only",
        ),
        (CLUSTER + '[storage.a]\nintervals="many"\n', "burrow.toml:4:1: storage.a.intervals: must be a number"),
        (CLUSTER + "[evaluator.a]\nminimum-complete=7\n", "must be a share, from 0 to 1"),
        (CLUSTER + "[httpserver.a]\n", "burrow.toml:3:2: httpserver.a: address: "),
        (CLUSTER + '[httpserver.a]\naddress="8000"\n', "did you mean :8000?"),
        (CLUSTER + '[httpserver.a]\naddress=":1"\ntls="x"\n', "must have certfile and keyfile"),
        (CLUSTER + '[logging]\nlevel="loud"\n', '"loud" is no level'),
        (CLUSTER + '[notifier.a]\nclass-name="pager"\n', "class-name must be http, email or null"),
        (CLUSTER + '[notifier.a]\nclass-name="http"\n', 'needs an address: url-open="https://host/path"'),
        (CLUSTER + '[notifier.a]\nclass-name="email"\n', "notifier.a: needs server"),
        (
            CLUSTER + 'client-profile="p"\n[client-profile.p]\nsasl="s"\n[sasl.s]\nmechanism="X"\n',
            '"X" is none of Burrow',
        ),
        (
            CLUSTER + 'client-profile="p"\n[client-profile.p]\nsasl="s"\n[sasl.s]\nusername="u"\npassword="${P}"\n',
            "would be read as an environment variable here",
        ),
    ],
)
def test_what_burrow_would_not_start_with_is_said_with_its_place(text: str, says: str) -> None:
    assert says in "\n".join(mistakes(text))


def test_every_mistake_is_said_at_once_and_in_the_order_of_the_file() -> None:
    text = '[cluster.a]\n[consumer.b]\ncluster="x"\n[logging]\nlevel="loud"\n'
    assert [mistake.split(":")[1] for mistake in mistakes(text)] == ["1", "3", "5"]


def test_places_are_right_after_lists_and_texts_over_several_lines() -> None:
    brokers = 'servers=[ # the brokers\n  "a:1", # "one"\n  "b=1:1",\n]\n'
    text = f'[cluster.a]\n{brokers}x="""\n[cluster.b]\n"""\nclient-profile="p"\n'
    assert mistakes(text) == [
        "burrow.toml:9:1: cluster.a.client-profile: there is no section [client-profile.p]; add it, or take the key out"
    ]


def test_no_secret_is_in_a_message() -> None:
    text = CLUSTER + 'client-profile="p"\n[client-profile.p]\nsasl="s"\n[sasl.s]\nusername="u"\npassword="${hunter2}"\n'
    assert "hunter2" not in "".join(mistakes(text))


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_converted_or_a_mistake_of_one_line(text: str) -> None:
    reported: tuple[object, ...] = ()
    try:
        convert(text, "burrow.toml")
    except ConfigError as error:
        reported = error.mistakes
    assert all("\n" not in str(mistake) for mistake in reported)
