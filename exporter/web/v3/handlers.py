"""What each endpoint answers: a call in, an answer in Burrow's words out."""

from __future__ import annotations

import logging
from http import HTTPStatus

from exporter import logs
from exporter.core.report import Outcome
from exporter.web.names import name_in_path
from exporter.web.v3 import burrow_configuration, log_level
from exporter.web.v3.answers import Answer
from exporter.web.v3.burrow_report import BurrowReport, not_found
from exporter.web.v3.endpoint import Call, Refusal

log = logging.getLogger(__name__)


def word(said: str, _: Call) -> Answer:
    """One word."""
    return Answer(said.encode())


def clusters(call: Call) -> Answer:
    """The names of the clusters."""
    return call.respond.answer("cluster list returned", clusters=burrow_configuration.modules(call.settings, "cluster"))


def configuration(call: Call) -> Answer:
    """The main configuration."""
    return call.respond.answer_of_configuration("main config returned", **burrow_configuration.main(call.settings))


def modules(coordinator: str, call: Call) -> Answer:
    """The names of a coordinator's modules."""
    names = burrow_configuration.modules(call.settings, coordinator)
    return call.respond.answer_of_configuration("module list returned", coordinator=coordinator, modules=names)


def module(coordinator: str, call: Call) -> Answer:
    """One module of a coordinator, whose name is the only parameter."""
    (part,) = call.parameters.values()
    name = name_in_path(part, burrow_configuration.modules(call.settings, coordinator))
    found = burrow_configuration.module(call.settings, coordinator, name)
    if found is None:
        raise Refusal(f"{coordinator} module not found")
    return call.respond.answer(f"{coordinator} module detail returned", module=found)


def topics(call: Call) -> Answer:
    """The topics of a cluster."""
    report = _report(call, "cluster not found")
    return call.respond.answer("topic list returned", topics=report.topics)


def topic(call: Call) -> Answer:
    """The end offsets of a topic."""
    report = _report(call, "cluster or topic not found")
    name = name_in_path(call.parameters["topic"], report.end_offsets)
    if name not in report.end_offsets:
        raise Refusal("cluster or topic not found")
    return call.respond.answer("topic offsets returned", offsets=report.offsets(name))


def topic_consumers(call: Call) -> Answer:
    """The groups with commits on a topic."""
    report = _report(call, "cluster not found")
    name = name_in_path(call.parameters["topic"], report.end_offsets)
    return call.respond.answer("consumers of topic returned", consumers=report.consumers_of(name))


def consumers(call: Call) -> Answer:
    """The groups of a cluster."""
    report = _report(call, "cluster not found")
    return call.respond.answer("consumer list returned", consumers=report.consumers)


def consumer(call: Call) -> Answer:
    """The retained commits of a group."""
    report = _report(call, "cluster or consumer not found")
    group = name_in_path(call.parameters["consumer"], report)
    if group not in report:
        raise Refusal("cluster or consumer not found")
    _must_be_readable(report, group)
    return call.respond.answer("consumer detail returned", topics=report.detail(group))


def status(call: Call, *, everything: bool) -> Answer:
    """The verdict on a group, with all of its partitions or those that are not OK."""
    outcomes = _outcomes(call)
    cluster, group = name_in_path(call.parameters["cluster"], outcomes), name_in_path(call.parameters["consumer"], ())
    report = _of_outcome(outcomes[cluster]) if cluster in outcomes else None
    if report is not None:
        group = name_in_path(call.parameters["consumer"], report)
    if report is None or group not in report:
        # Burrow's own combination: not an error, and yet 404.
        unknown = not_found(cluster, group)
        return call.respond.answer("consumer status returned", HTTPStatus.NOT_FOUND, status=unknown)
    _must_be_readable(report, group)
    return call.respond.answer("consumer status returned", status=report.status(group, everything=everything))


def forget(call: Call) -> Answer:
    """Discards the history of a group; as in Burrow, the answer does not tell whether there was one."""
    _must_be_allowed(call, "deleting", "web.api_delete", allowed=call.settings.web.api_delete)
    outcomes = _outcomes(call)
    cluster = name_in_path(call.parameters["cluster"], outcomes)
    outcome = outcomes.get(cluster)
    report = BurrowReport(outcome.report) if outcome is not None and outcome.report is not None else None
    group = name_in_path(call.parameters["consumer"], report or ())
    part = call.parameters.get("topic")
    name = None if part is None else name_in_path(part, report.end_offsets if report is not None else ())
    call.reports.forget(cluster, group, name)
    log.info("discarding the history of a group", extra={"cluster": cluster, "group": group, "topic": name})
    return call.respond.answer("consumer group removed")


def level(call: Call) -> Answer:
    """The log level."""
    return call.respond.answer("log level returned", level=log_level.shown(logging.getLogger().level))


def set_level(call: Call) -> Answer:
    """Sets the log level."""
    _must_be_allowed(call, "setting the log level", "web.api_log_level", allowed=call.settings.web.api_log_level)
    try:
        requested = log_level.requested(call.body)
    except log_level.Undecodable:
        raise Refusal("could not decode message body", HTTPStatus.BAD_REQUEST) from None
    number = log_level.WORDS.get(requested.lower())
    if number is None:
        raise Refusal("unknown log level")
    logs.set_level(number)
    return call.respond.answer("set log level")


def _must_be_allowed(call: Call, what: str, key: str, *, allowed: bool) -> None:
    """Refuses what changes something, unless the configuration allows it and the port requires authentication."""
    if not allowed:
        raise Refusal(f"{what} is off; {key} turns it on", HTTPStatus.FORBIDDEN)
    if not call.authenticated:
        raise Refusal(f"{what} needs a port that requires authentication: --web.config.file", HTTPStatus.FORBIDDEN)


def _outcomes(call: Call) -> dict[str, Outcome]:
    """Cluster → its newest outcome."""
    return {outcome.cluster: outcome for outcome in call.reports.latest()}


def _report(call: Call, unknown: str) -> BurrowReport:
    """The requested cluster; refuses if it is unknown, or cannot be read now."""
    outcomes = _outcomes(call)
    outcome = outcomes.get(name_in_path(call.parameters["cluster"], outcomes))
    if outcome is None:
        raise Refusal(unknown)
    return _of_outcome(outcome)


def _of_outcome(outcome: Outcome) -> BurrowReport:
    if outcome.report is None:
        reasons = ", ".join(sorted({failure.reason for failure in outcome.failures}))
        raise Refusal(f"cluster cannot be read now: {reasons}", HTTPStatus.SERVICE_UNAVAILABLE)
    return BurrowReport(outcome.report)


def _must_be_readable(report: BurrowReport, group: str) -> None:
    if not report.is_readable(group):
        raise Refusal("consumer cannot be read now", HTTPStatus.SERVICE_UNAVAILABLE)
