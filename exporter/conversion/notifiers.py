"""[notifier.X] → Alertmanager's configuration: a route and a receiver each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from exporter.conversion.burrow_file import FORMER, BurrowFile, BurrowSection
from exporter.conversion.go_expressions import checked
from exporter.conversion.receivers import receiver
from exporter.conversion.yaml_lines import Block
from exporter.schema.mistakes import Invalid

_ERR: Final = "KafkaConsumerGroup(Stopped|Stalled|Rewound|InError)"
_WARN: Final = "KafkaConsumerGroup(Stopped|Stalled|Rewound|InError|FallingBehind)"


def alertmanager(file: BurrowFile) -> Block | None:
    """Alertmanager's configuration for the rules in `alerts/`; None if Burrow notified nobody."""
    notifiers = file.sections("notifier")
    if not notifiers:
        return None
    receivers = [receiver(notifier) for notifier in notifiers]
    block = Block()
    block.note(
        "For the alerts of the exporter's own rules, which `kafka-burrow-exporter assets DIR` writes. Check this file"
        " with amtool check-config."
    )
    block.set("route", _routes(notifiers))
    block.set("receivers", receivers)
    return block


def _routes(notifiers: Sequence[BurrowSection]) -> Block:
    default = next((each for each in notifiers if each.text("class-name") != "null"), notifiers[0])
    block = Block()
    block.set(
        "receiver",
        default.name,
        "Alerts for which Burrow had no word go here: lag in seconds, lost records, a cluster that cannot be read, the"
        " exporter itself. Name another receiver if they belong elsewhere.",
    )
    block.set("group_by", ["alertname", "cluster", "consumer_group"])
    block.set("group_wait", "30s")
    block.set("group_interval", "2m")
    block.set("repeat_interval", "4h")
    block.set("routes", [_route(notifier) for notifier in notifiers])
    return block


def _route(notifier: BurrowSection) -> Block:
    block = Block()
    threshold = int(notifier.number("threshold", 2))
    matchers = [f"alertname =~ {_text(_ERR if threshold > 2 else _WARN)}"]
    if notifier.has("cluster"):
        matchers.append(f"cluster = {_text(notifier.text('cluster').lower())}")
    for key, sign in zip(FORMER, ("=~", "!~"), strict=True):
        if expression := _expression(notifier, key):
            matchers.append(f"consumer_group {sign} {_text(expression)}")
    if threshold < 2:
        block.note(
            f"The threshold was {threshold}: Burrow also sent OK. An alert is sent when it begins and when it ends."
        )
    if threshold > 3:
        block.note(f"The threshold was {threshold}; a group is never worse than ERR (3), so Burrow sent nothing.")
    block.set("matchers", matchers)
    block.set("receiver", notifier.name)
    # Burrow tells one group at a time.
    block.set("group_by", ["cluster", "consumer_group"])
    _repeat(notifier, block)
    block.set("continue", True)
    return block


def _expression(notifier: BurrowSection, key: str) -> str:
    """The expression for Alertmanager, which is Go's as well, but anchored at both ends."""
    written = notifier.former_text(key)
    try:
        checked(written)
    except Invalid as error:
        notifier.mistake(key if notifier.has(key) else FORMER[key], str(error))
    return f"(?s:.*)(?:{written})(?s:.*)" if written else ""


def _repeat(notifier: BurrowSection, block: Block) -> None:
    seconds = notifier.number("send-interval")
    if notifier.switch("send-once"):
        block.set(
            "repeat_interval",
            "30d",
            "send-once: longer than any incident; run Alertmanager with --data.retention=30d or more.",
        )
    elif seconds:
        block.set("group_interval", f"{max(1, int(min(seconds, 120)))}s")
        block.set("repeat_interval", f"{max(1, int(seconds))}s", "send-interval.")


def _text(text: str) -> str:
    """A text in a matcher."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
