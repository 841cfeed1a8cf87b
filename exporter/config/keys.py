"""Every key of the configuration file: its name, what it holds, and what it is for.

Reading, the near-miss hints, the reference file and `check-config` all follow from this table. Defaults are not
here: they are those of the dataclasses in `exporter.settings` and `exporter.core.evaluation`.
"""

from __future__ import annotations

from exporter import settings
from exporter.config import checks
from exporter.config.connection_keys import SASL, TLS
from exporter.config.schema import Key, Section
from exporter.config.values import (
    FILE,
    FLAG,
    LISTEN_ADDRESS,
    ORIGIN,
    REGEX,
    SERVERS,
    TELEMETRY_PATH,
    TEXT,
    choice,
    duration,
    integer,
    share,
)
from exporter.core.evaluation import Evaluation


def _filter(name: str, which: str, more: str) -> Section:
    return Section(
        name,
        f"Which {which} are looked at. Expressions may match anywhere in the name (use ^ and $), and `deny` wins."
        f" {more}",
        settings.Filter,
        (
            Key("allow", REGEX, f"Only {which} that this finds; all if empty."),
            Key("deny", REGEX, f"No {which} that this finds; none is left out if empty."),
        ),
    )


EVALUATION = Section(
    "evaluation",
    "How groups are judged.",
    Evaluation,
    (
        Key("window", duration(), "Commits are judged over the newest ones that span this long, never fewer than 4."),
        Key("recent", duration(), 'How far back an end offset counts for "was it caught up lately".'),
        Key(
            "min_distance",
            duration(zero=True),
            "Observations closer than this to the newest retained one do not extend the window. Keep it a little"
            " below the scrape interval: however often, and by however many, the exporter is scraped, the window"
            " then grows at one pace.",
        ),
        Key(
            "intervals",
            integer(1, 128),
            "Burrow's own count of commits. It is the rule where commits bring their own times (recordings);"
            " elsewhere the least that is kept: more is kept where `window` and `min_distance` need it.",
        ),
        Key("allowed_lag", integer(0, 10**18 - 1), "Up to this lag (records) a partition is OK whatever else."),
        Key("minimum_complete", share(), "Below this completeness of its window a partition is OK whatever else."),
    ),
)

CLUSTER = Section(
    "cluster",
    "One Kafka cluster. Its name becomes the label `cluster`; upper and lower case are kept.",
    settings.Cluster,
    (
        Key(
            "bootstrap_servers",
            SERVERS,
            "Brokers to ask first; the others are learnt from them. A list, or one text with commas;"
            ' an IPv6 address needs quotes: "[::1]:9092".',
            required=True,
            example="[kafka-1:9092, kafka-2:9092]",
        ),
        Key("client_id", TEXT, "What the exporter calls itself in the brokers' logs, metrics and quotas."),
        TLS,
        SASL,
        Key("request_timeout", duration(), "How long one request to a broker may take."),
        _filter("groups", "consumer groups", "The default is that of Burrow's sample: no throw-away groups."),
        _filter("topics", "topics", "The default leaves out Kafka's own topics, which nobody reads by commits."),
        EVALUATION,
        Key(
            "granularity",
            choice("a granularity", "partition", "topic", "group"),
            "How fine the series are: of every partition, only of topics and groups, or only of groups."
            " Coarser means fewer series; verdicts are always reached by partition.",
        ),
        Key("start_offsets", FLAG, "Whether the log's start offsets are read too (one more request per leader)."),
        Key(
            "read_committed",
            REGEX,
            "Groups that this finds read committed records only (isolation.level=read_committed): their lag is"
            " measured against the last stable offset. None if empty.",
        ),
        Key(
            "members_refresh",
            duration(zero=True),
            "Members and assignments of groups are read again when older than this.",
        ),
    ),
    check=checks.cluster,
)

COLLECTION = Section(
    "collection",
    "How scrapes become collections from Kafka.",
    settings.Collection,
    (
        Key("min_interval", duration(zero=True), "A report younger than this is served again; Kafka is not asked."),
        Key("scrape_timeout", duration(), "Deadline of a scraper that names none; Prometheus names its own."),
        Key("timeout_offset", duration(zero=True), "How much earlier than its deadline a scraper is answered."),
        Key(
            "max_report_age",
            duration(zero=True),
            "While a collection is late, the report of an earlier one stands in for it up to this age.",
        ),
    ),
    check=checks.collection,
)

WEB = Section(
    "web",
    "The exporter's own port.",
    settings.Web,
    (
        Key("listen_address", LISTEN_ADDRESS, "Where to listen; without a host on all interfaces."),
        Key("telemetry_path", TELEMETRY_PATH, "Path of the metrics."),
        Key(
            "access_control_allow_origin",
            ORIGIN,
            "Web pages of this origin may read Burrow's API from a browser; none may without it.",
            example="https://dashboard.example.com",
        ),
        Key(
            "api_delete",
            FLAG,
            "Whether a DELETE to Burrow's API makes a group's retained history forgotten. Only on a port that asks"
            " who is there; Kafka's own offsets are never touched.",
        ),
        Key(
            "config_file",
            FILE,
            "Web configuration file in the format of Prometheus' exporter-toolkit: TLS, client certificates, passwords,"
            " headers, a rate limit. Read again when it changes.",
            example="/etc/kafka-burrow-exporter/web.yml",
        ),
        Key(
            "unauthenticated_health",
            FLAG,
            "Whether /-/healthy, /-/ready, /burrow/admin and /burrow/admin/ready are answered without a password where"
            " all else asks for one. A client certificate that is asked for is asked for by these too.",
        ),
        Key("enable_lifecycle", FLAG, "Whether POST /-/reload reads the configuration again; SIGHUP always does."),
    ),
)

STORAGE = Section(
    "storage",
    "What is kept over a restart.",
    settings.Storage,
    (
        Key(
            "path",
            TEXT,
            "Folder for the retained history, made if it is not there: verdicts then go on after a restart as if"
            " there had been none. Nothing is written without it.",
            example="/var/lib/kafka-burrow-exporter",
        ),
    ),
)

LOG = Section(
    "log",
    "Logging, to standard error.",
    settings.Log,
    (
        Key("level", choice("a level", "debug", "info", "warning", "error"), "What is logged, and all that is worse."),
        Key("format", choice("a format", "logfmt", "json"), "One line an event: key=value pairs, or a JSON object."),
    ),
)

SECTIONS = (COLLECTION, WEB, STORAGE, LOG)

TOP = ("clusters", "defaults", *(section.name for section in SECTIONS))
"""What may stand at the top of the file."""


def known_paths() -> tuple[str, ...]:
    """Every path there is: ``clusters.<name>.evaluation.window``, ``web.listen_address``."""
    below = [path for section in SECTIONS for path in (section.name, *section.paths(f"{section.name}."))]
    return ("clusters", "defaults", *CLUSTER.paths("clusters.<name>."), *below)
