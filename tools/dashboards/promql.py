"""PromQL as text: the expressions that the dashboards share.

All of them follow three rules.

* Every selector filters by ``$job`` and ``$instance``.
* Two exporters may watch one cluster. Before anything is summed or counted, their answers are reduced to one (`one`),
  so that a second exporter changes no number.
* Offsets are gauges: a consumer may rewind, a topic may be recreated. `rate` treats any fall as a counter reset and
  would add the whole offset as if it had been consumed; `speed` takes the slope, and counts a fall as no progress.
"""

from __future__ import annotations

OWN = ('job=~"$job"', 'instance=~"$instance"')
GROUP = ("cluster", "consumer_group")
# Seconds. A consumer that keeps up is a few seconds behind, which neither shrinks nor matters: no catch-up time then.
BEHIND = 10
TOPIC = ("cluster", "topic")
GROUP_TOPIC = ("cluster", "consumer_group", "topic")
PARTITION = ("cluster", "topic", "partition")
GROUP_PARTITION = ("cluster", "consumer_group", "topic", "partition")


def own(metric: str, *matchers: str) -> str:
    """The series of a metric of the chosen exporters.

    own("up", 'a="b"') → up{job=~"$job", instance=~"$instance", a="b"}
    """
    return f"{metric}{{{', '.join((*OWN, *matchers))}}}"


def one(labels: tuple[str, ...], vector: str, pick: str = "max") -> str:
    """One value for each thing named by the labels, however many exporters tell of it.

    For a status the highest is the worst, for an offset the newest; ``pick`` says "min" where less is worse.
    """
    return f"{pick} by ({', '.join(labels)}) ({vector})"


def speed(labels: tuple[str, ...], selector: str) -> str:
    """How fast an offset grows, in records per second, and 0 while it falls."""
    return f"clamp_min({one(labels, f'deriv({selector}[$__rate_interval])')}, 0)"


def total(labels: tuple[str, ...], vector: str) -> str:
    """The sum over everything but the labels; the vector must already be `one` of each."""
    return f"sum by ({', '.join(labels)}) ({vector})"


def worst(labels: tuple[str, ...], selector: str, vector: str | None = None) -> str:
    """The ``$top`` things whose value was highest on average over the time shown, with the vector's values.

    Asked once at the end of the time shown (``@ end()``): a plain topk would choose anew at every step, and lines
    would come and go. The vector defaults to `one` of the selector.
    """
    shown = vector if vector is not None else one(labels, selector)
    ranking = one(labels, f"avg_over_time({selector}[$__range] @ end())")
    return f"{shown} and on ({', '.join(labels)}) topk($top, {ranking})"


def columns(vectors: dict[str, str]) -> str:
    """Several vectors as one, so that one query reads a whole table: the label ``column`` says which is which."""
    return " or ".join(f'label_replace({vector}, "column", "{name}", "", "")' for name, vector in vectors.items())


def while_behind(seconds_left: str, lag_seconds: str) -> str:
    """The time that a group needs to catch up, where it is behind at all."""
    return f"{one(GROUP, seconds_left)} and on ({', '.join(GROUP)}) {one(GROUP, lag_seconds)} >= {BEHIND}"


def number_at(level: int, labels: tuple[str, ...], selector: str) -> str:
    """How many things stand at a status: 0 if none, and no value at all where nothing is known."""
    return f"sum({one(labels, selector)} == bool {level})"
