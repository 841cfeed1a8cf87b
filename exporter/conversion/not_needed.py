"""What in Burrow's configuration has nothing to set here, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from exporter.conversion.burrow_file import BurrowFile
from exporter.conversion.toml_places import Path
from exporter.quoting import quoted
from exporter.schema import suggestion

_LOG_FILE: Final = "the log goes to standard error; systemd or the container engine keeps and rotates it"
_READ_AT_A_SCRAPE: Final = "offsets and topics are read when Prometheus scrapes"
_BY_COORDINATOR: Final = "commits are asked of the groups' coordinators; nothing is consumed"
_ZOOKEEPER_LOCK: Final = (
    "the lock was for notifiers; Alertmanager sends an alert once, however many exporters there are"
)
_CONNECTIONS: Final = "Alertmanager keeps and reuses connections by itself"
_TEMPLATES: Final = "Alertmanager has templates of its own"

NOT_NEEDED: Final[dict[str, dict[str, str]]] = {
    "general": {
        "pidfile": "no pid file is written; systemd or the container engine knows the process",
        "stdout-logfile": _LOG_FILE,
        "env-var-prefix": "environment variables are named KBE_..., after the flags; secrets may name others",
    },
    "logging": dict.fromkeys(
        ("filename", "maxsize", "maxbackups", "maxage", "use-localtime", "use-compression"), _LOG_FILE
    ),
    "zookeeper": dict.fromkeys(("servers", "timeout", "root-path", "tls", "username", "password"), _ZOOKEEPER_LOCK),
    "client-profile": {
        "kafka-version": "which versions of requests a broker understands is asked of the broker",
        "dial-timeout": "connecting is part of request_timeout",
    },
    "sasl": {"handshake-first": "the handshake always comes first, as Kafka has required since 1.0"},
    "iam": {
        "region": "AWS' own settings say so: AWS_REGION in the exporter's environment",
        "role-arn": "AWS' own settings say so: role_arn in a profile of ~/.aws/config, or AWS_ROLE_ARN",
        "profile": "AWS' own settings say so: AWS_PROFILE in the exporter's environment",
    },
    "cluster": {
        "topic-refresh": _READ_AT_A_SCRAPE,
        "offset-refresh": _READ_AT_A_SCRAPE,
        "groups-reaper-refresh": "a deleted group is gone at the next scrape",
    },
    "consumer": {
        "offsets-topic": _BY_COORDINATOR,
        "start-latest": _BY_COORDINATOR,
        "backfill-earliest": _BY_COORDINATOR,
        "zookeeper-timeout": "each scrape has one deadline for everything that it reads",
    },
    "storage": {
        "workers": "there is no queue of commits",
        "queue-depth": "there is no queue of commits",
        "min-distance": (
            "windows are lengths of time, so fast commits cannot shorten them; evaluation.min_distance belongs to the"
            " scrape interval"
        ),
        "expire-group": "a group is shown as long as Kafka has its commits (offsets.retention.minutes of the brokers)",
    },
    "httpserver": {
        "timeout": "a page is answered within the timeout that Prometheus sends, or collection.scrape_timeout"
    },
    "notifier": {
        "interval": "Prometheus evaluates the alerts: interval of the rules and scrape_interval",
        "method-open": "Alertmanager always sends POST",
        "method-close": "Alertmanager always sends POST; status in the body says firing or resolved",
        "url-close": "a resolved alert goes to the same address, with status: resolved",
        "template-open": _TEMPLATES,
        "template-close": _TEMPLATES,
        "keepalive": _CONNECTIONS,
        "disable-http-keepalive": _CONNECTIONS,
    },
}
"""Kind of section → key → why nothing here is set by it."""

KINDS: Final = (*NOT_NEEDED, "tls", "evaluator")
"""Every kind of section that Burrow reads."""


def unused(file: BurrowFile) -> Iterator[tuple[Path, str]]:
    """The keys that nothing was made of, each with the reason."""
    for path in file.keys_written():
        kind, key = path[0], path[-1]
        if any(path[:length] in file.used for length in range(1, len(path) + 1)):
            continue
        if kind not in KINDS:
            yield path, f"Burrow has no section [{kind}], and ignores it{_hint(kind, KINDS)}"
        elif reason := NOT_NEEDED.get(kind, {}).get(key):
            yield path, reason
        elif kind in {"client-profile", "tls", "sasl", "iam"} and not _is_used(file, path[:2]):
            within = f"nothing that is converted uses [{kind}.{path[1]}]"
            yield path, within if len(path) > 2 else f"stands outside of a section [{kind}.NAME]"
        else:
            yield path, "Burrow has no such key here, and ignores it"


def _is_used(file: BurrowFile, section: Path) -> bool:
    return any(path[: len(section)] == section for path in file.used)


def _hint(word: str, known: tuple[str, ...]) -> str:
    hint = suggestion(word, known)
    return f" ({hint})" if hint else ""


def by_reason(unused: Iterable[tuple[Path, str]]) -> dict[str, list[str]]:
    """Reason → the keys that nothing was made of for it, as a comment shows them."""
    keys: dict[str, list[str]] = {}
    for path, reason in unused:
        keys.setdefault(reason, []).append(_shown(path))
    return keys


def _shown(path: Path) -> str:
    return ".".join(name if name.replace("-", "").replace("_", "").isalnum() else quoted(name) for name in path)
