"""Every key of the configuration file: its name, its kind of value, and its purpose.

Reading, the near-miss hints, the reference file and `check-config` all follow from this table. Defaults are not
here: they are those of the dataclasses in `exporter.settings` and `exporter.core.evaluation`.
"""

from __future__ import annotations

from exporter import settings
from exporter.config import checks
from exporter.config.connection_keys import SASL, TLS
from exporter.core.evaluation import MOST_ENTRIES, Evaluation
from exporter.schema.kinds import (
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
from exporter.schema.section import Key, Section


def _filter(name: str, which: str, more: str) -> Section:
    return Section(
        name,
        f"Which {which} are monitored. Expressions may match anywhere in the name (use ^ and $); `deny` wins. {more}",
        settings.Filter,
        (
            Key("allow", REGEX, f"Only {which} that match this; all if empty."),
            Key("deny", REGEX, f"Leave out {which} that match this; none if empty."),
        ),
    )


EVALUATION = Section(
    "evaluation",
    "How groups are judged.",
    Evaluation,
    (
        Key(
            "window",
            duration(),
            "Length of the window: the newest commits that span this long, at least 4, are judged.",
        ),
        Key(
            "recent", duration(), "A partition that was caught up with an end offset this recently is not called STOP."
        ),
        Key(
            "min_distance",
            duration(zero=True),
            "Observations closer than this to the newest retained one do not extend the window, so it grows at the"
            " same pace however often, and by however many servers, the exporter is scraped. Keep it a little below"
            " the scrape interval.",
        ),
        Key(
            "intervals",
            integer(1, MOST_ENTRIES),
            "Burrow's own setting: the number of commits to judge. It applies where commits carry their own times"
            " (recordings); elsewhere it is the least number kept, and `window` and `min_distance` may need more.",
        ),
        Key("allowed_lag", integer(0, 10**18 - 1), "A partition with at most this lag (records) is always OK."),
        Key("minimum_complete", share(), "A partition whose window is less complete than this is always OK."),
    ),
)

CLUSTER = Section(
    "cluster",
    "One Kafka cluster. Its name becomes the label `cluster`; case is preserved.",
    settings.Cluster,
    (
        Key(
            "bootstrap_servers",
            SERVERS,
            "Brokers to connect to first; they name the others. A list, or one text with commas;"
            ' an IPv6 address needs quotes: "[::1]:9092".',
            required=True,
            example="[kafka-1:9092, kafka-2:9092]",
        ),
        Key("client_id", TEXT, "The exporter's name in the brokers' logs, metrics and quotas."),
        TLS,
        SASL,
        Key("request_timeout", duration(), "How long one request to a broker may take."),
        _filter("groups", "consumer groups", "The default is Burrow's: temporary groups are left out."),
        _filter("topics", "topics", "The default leaves out Kafka's internal topics."),
        EVALUATION,
        Key(
            "granularity",
            choice("a granularity", "partition", "topic", "group"),
            "Level of detail of the metrics: per partition, only per topic and group, or only per group."
            " Coarser means fewer series; verdicts are always reached per partition.",
        ),
        Key("start_offsets", FLAG, "Whether to read log start offsets too (one more request per leader)."),
        Key(
            "read_committed",
            REGEX,
            "Groups that match this read only committed records (isolation.level=read_committed): their lag is"
            " measured against the last stable offset. None if empty.",
        ),
        Key(
            "members_refresh",
            duration(zero=True),
            "Group members and assignments are read again when older than this.",
        ),
    ),
    check=checks.cluster,
)

COLLECTION = Section(
    "collection",
    "How scrapes read from Kafka.",
    settings.Collection,
    (
        Key("min_interval", duration(zero=True), "A report younger than this is served again without asking Kafka."),
        Key("scrape_timeout", duration(), "Timeout of a scraper that sends none; Prometheus sends its own."),
        Key("timeout_offset", duration(zero=True), "How much earlier than its timeout a scraper is answered."),
        Key(
            "max_report_age",
            duration(zero=True),
            "While a collection is late, the previous report is served instead, up to this age.",
        ),
    ),
    check=checks.collection,
)

WEB = Section(
    "web",
    "The exporter's own port.",
    settings.Web,
    (
        Key("listen_address", LISTEN_ADDRESS, "Address to listen on; without a host, all interfaces."),
        Key("telemetry_path", TELEMETRY_PATH, "Path of the metrics."),
        Key(
            "access_control_allow_origin",
            ORIGIN,
            "Web pages from this origin may call Burrow's API in a browser; without it none may.",
            example="https://dashboard.example.com",
        ),
        Key(
            "api_delete",
            FLAG,
            "Whether DELETE requests to Burrow's API may discard the retained history of a group. Only on a port that"
            " requires authentication; offsets in Kafka are never touched.",
        ),
        Key(
            "config_file",
            FILE,
            "Web configuration file in the format of Prometheus' exporter-toolkit: TLS, client certificates, passwords,"
            " headers, a rate limit. It is reloaded when it changes.",
            example="/etc/kafka-burrow-exporter/web.yml",
        ),
        Key(
            "unauthenticated_health",
            FLAG,
            "Whether /-/healthy, /-/ready, /burrow/admin and /burrow/admin/ready need no password where everything else"
            " does. Where client certificates are required, they are required for these too.",
        ),
        Key("enable_lifecycle", FLAG, "Whether POST /-/reload reloads the configuration; SIGHUP always does."),
    ),
)

STORAGE = Section(
    "storage",
    "The history on disk.",
    settings.Storage,
    (
        Key(
            "path",
            TEXT,
            "Directory for the retained history, created if missing: verdicts then continue after a restart as if"
            " there had been none. Without it nothing is written.",
            example="/var/lib/kafka-burrow-exporter",
        ),
    ),
)

LOG = Section(
    "log",
    "Logging, to standard error.",
    settings.Log,
    (
        Key("level", choice("a level", "debug", "info", "warning", "error"), "The lowest level that is logged."),
        Key("format", choice("a format", "logfmt", "json"), "One line per event: key=value pairs, or a JSON object."),
    ),
)

SECTIONS = (COLLECTION, WEB, STORAGE, LOG)

TOP = ("clusters", "defaults", *(section.name for section in SECTIONS))
"""The keys at the top of the file."""


def known_paths() -> tuple[str, ...]:
    """Every path of a key or section: ``clusters.<name>.evaluation.window``, ``web.listen_address``."""
    below = [path for section in SECTIONS for path in (section.name, *section.paths(f"{section.name}."))]
    return ("clusters", "defaults", *CLUSTER.paths("clusters.<name>."), *below)
