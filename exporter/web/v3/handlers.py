"""The endpoints that only read: settings or reports in, an answer out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

from exporter.core.report import Outcome
from exporter.settings import Settings
from exporter.web.names import name_in_path
from exporter.web.v3 import burrow_configuration
from exporter.web.v3.answers import Answer, Responder
from exporter.web.v3.burrow_report import Reading, not_found
from exporter.web.v3.router import Endpoint

Parameters = Mapping[str, str]
"""The escaped parameters of a path."""

FromSettings = Callable[[Responder, Parameters, Settings], Answer]
FromReports = Callable[[Responder, Parameters, tuple[Outcome, ...]], Answer]


class Refusal(Exception):
    """Why a request is refused, and the HTTP status of the answer."""

    def __init__(self, message: str, code: int = HTTPStatus.NOT_FOUND) -> None:
        super().__init__(message)
        self.code = code


def _alive(_: Responder, __: Parameters, ___: Settings) -> Answer:
    return Answer(b"GOOD")


def _ready(_: Responder, __: Parameters, ___: Settings) -> Answer:
    # The port is complete when it answers, so Burrow's 503 STARTING never occurs here.
    return Answer(b"READY")


def _clusters(responder: Responder, _: Parameters, settings: Settings) -> Answer:
    return responder.answer("cluster list returned", clusters=burrow_configuration.modules(settings, "cluster"))


def _main(responder: Responder, _: Parameters, settings: Settings) -> Answer:
    return responder.answer_of_configuration("main config returned", **burrow_configuration.main(settings))


def _modules(coordinator: str, responder: Responder, _: Parameters, settings: Settings) -> Answer:
    modules = burrow_configuration.modules(settings, coordinator)
    return responder.answer_of_configuration("module list returned", coordinator=coordinator, modules=modules)


def _module(coordinator: str, responder: Responder, parameters: Parameters, settings: Settings) -> Answer:
    wanted = name_in_path(next(iter(parameters.values())), burrow_configuration.modules(settings, coordinator))
    module = burrow_configuration.module(settings, coordinator, wanted)
    if module is None:
        raise Refusal(f"{coordinator} module not found")
    return responder.answer(f"{coordinator} module detail returned", module=module)


def _topics(responder: Responder, parameters: Parameters, outcomes: tuple[Outcome, ...]) -> Answer:
    reading = _reading(parameters, outcomes, "cluster not found")
    return responder.answer("topic list returned", topics=reading.topics)


def _topic(responder: Responder, parameters: Parameters, outcomes: tuple[Outcome, ...]) -> Answer:
    reading = _reading(parameters, outcomes, "cluster or topic not found")
    topic = name_in_path(parameters["topic"], reading.end_offsets)
    if topic not in reading.end_offsets:
        raise Refusal("cluster or topic not found")
    return responder.answer("topic offsets returned", offsets=reading.offsets(topic))


def _consumers_of_topic(responder: Responder, parameters: Parameters, outcomes: tuple[Outcome, ...]) -> Answer:
    reading = _reading(parameters, outcomes, "cluster not found")
    consumers = reading.consumers_of(name_in_path(parameters["topic"], reading.end_offsets))
    return responder.answer("consumers of topic returned", consumers=consumers)


def _consumers(responder: Responder, parameters: Parameters, outcomes: tuple[Outcome, ...]) -> Answer:
    reading = _reading(parameters, outcomes, "cluster not found")
    return responder.answer("consumer list returned", consumers=reading.consumers)


def _consumer(responder: Responder, parameters: Parameters, outcomes: tuple[Outcome, ...]) -> Answer:
    reading = _reading(parameters, outcomes, "cluster or consumer not found")
    group = name_in_path(parameters["consumer"], reading)
    if group not in reading:
        raise Refusal("cluster or consumer not found")
    _must_be_readable(reading, group)
    return responder.answer("consumer detail returned", topics=reading.detail(group))


def _status(which: str, responder: Responder, parameters: Parameters, outcomes: tuple[Outcome, ...]) -> Answer:
    clusters = [outcome.cluster for outcome in outcomes]
    cluster, group = name_in_path(parameters["cluster"], clusters), name_in_path(parameters["consumer"], ())
    reading = _reading(parameters, outcomes, "") if cluster in clusters else None
    if reading is not None:
        group = name_in_path(parameters["consumer"], reading)
    if reading is None or group not in reading:
        # Burrow's own combination: not an error, and yet 404.
        status = not_found(cluster, group)
        return responder.answer("consumer status returned", HTTPStatus.NOT_FOUND, status=status)
    _must_be_readable(reading, group)
    status = reading.status(group, everything=which == "lag")
    return responder.answer("consumer status returned", status=status)


def _reading(parameters: Parameters, outcomes: tuple[Outcome, ...], unknown: str) -> Reading:
    """The requested cluster; refuses if it is unknown, or cannot be read now."""
    known = {outcome.cluster: outcome for outcome in outcomes}
    outcome = known.get(name_in_path(parameters["cluster"], known))
    if outcome is None:
        raise Refusal(unknown)
    if outcome.report is None:
        reasons = ", ".join(sorted({failure.reason for failure in outcome.failures}))
        raise Refusal(f"cluster cannot be read now: {reasons}", HTTPStatus.SERVICE_UNAVAILABLE)
    return Reading(outcome.report)


def _must_be_readable(reading: Reading, group: str) -> None:
    if not reading.is_readable(group):
        raise Refusal("consumer cannot be read now", HTTPStatus.SERVICE_UNAVAILABLE)


FROM_SETTINGS: Final[Mapping[Endpoint, FromSettings]] = {
    Endpoint("GET", "/burrow/admin"): _alive,
    Endpoint("GET", "/burrow/admin/ready"): _ready,
    Endpoint("GET", "/v3/kafka"): _clusters,
    Endpoint("GET", "/v3/kafka/:cluster"): partial(_module, "cluster"),
    Endpoint("GET", "/v3/config"): _main,
    **{
        Endpoint("GET", f"/v3/config/{coordinator}"): partial(_modules, coordinator)
        for coordinator in burrow_configuration.COORDINATORS
    },
    **{
        Endpoint("GET", f"/v3/config/{coordinator}/:name"): partial(_module, coordinator)
        for coordinator in burrow_configuration.COORDINATORS
    },
}

FROM_REPORTS: Final[Mapping[Endpoint, FromReports]] = {
    Endpoint("GET", "/v3/kafka/:cluster/topic"): _topics,
    Endpoint("GET", "/v3/kafka/:cluster/topic/:topic"): _topic,
    Endpoint("GET", "/v3/kafka/:cluster/topic/:topic/consumers"): _consumers_of_topic,
    Endpoint("GET", "/v3/kafka/:cluster/consumer"): _consumers,
    Endpoint("GET", "/v3/kafka/:cluster/consumer/:consumer"): _consumer,
    Endpoint("GET", "/v3/kafka/:cluster/consumer/:consumer/status"): partial(_status, "status"),
    Endpoint("GET", "/v3/kafka/:cluster/consumer/:consumer/lag"): partial(_status, "lag"),
}
