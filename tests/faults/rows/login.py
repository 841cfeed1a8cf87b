"""Passwords that are wrong or change, a group that may not be read, a quota that is used up."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)
from kafka import KafkaAdminClient
from kafka.protocol.admin import AlterClientQuotasRequest

from testbed.processes import TestbedError
from tests.faults.looks import NAMED, Breach
from tests.faults.row import Row, Stage, Step
from tests.faults.scene import PASSWORD
from tests.faults.steps import kill, scraped, start, watch
from tests.faults.traffic import HEALTHY

OTHER = "another"  # a password that protects nothing
FORBIDDEN = HEALTHY[0]
QUOTA = 0.01
CLIENT_ID = "kafka-burrow-exporter"
_Entry = AlterClientQuotasRequest.EntryData


def logs_in(stage: Stage) -> None:
    """Starts an exporter that logs in by SCRAM-SHA-256."""
    stage.start(stage.scene.config("LOGIN"))


def password_is(password: str) -> Callable[[Stage], None]:
    """Gives the exporter's user this password; at the end of the row it has its own again."""

    def act(stage: Stage) -> None:
        stage.undo.callback(stage.scene.set_password, PASSWORD)
        stage.scene.set_password(password)

    return act


def _is_named_authentication(stage: Stage) -> None:
    """What fails because of a password is called so, and nothing else fails."""
    seen = stage.watcher.looks[-1].seen
    reasons = {reason for _, reason in seen.failures} if seen is not None else set()
    if "authentication" not in reasons:
        stage.found.append(Breach(NAMED, f"a wrong password is shown as {', '.join(sorted(reasons)) or 'nothing'}"))


GROUP = (ResourceType.GROUP, FORBIDDEN, ResourcePatternType.LITERAL)


def _forbid(stage: Stage) -> None:
    """Only somebody else may see the group from now on."""
    binding = AclBinding(*GROUP, "User:somebody", "*", AclOperation.ALL, AclPermissionType.ALLOW)
    stage.undo.callback(_allow, stage)
    for made in stage.scene.cluster.admin.create_acls([binding]).values():
        made.result(30)


def _allow(stage: Stage) -> None:
    wanted = AclBindingFilter(*GROUP, None, None, AclOperation.ANY, AclPermissionType.ANY)
    for gone in stage.scene.cluster.admin.delete_acls([wanted]).values():
        gone.result(30)


def quota(percentage: float | None) -> Callable[[Stage], None]:
    """Sets the share of the brokers' time that the exporter's client may take, or with None no longer limits it."""

    def act(stage: Stage) -> None:
        operation = _Entry.OpData(key="request_percentage", value=percentage or 0.0, remove=percentage is None)
        entity = _Entry.EntityData(entity_type="client-id", entity_name=CLIENT_ID)
        request = AlterClientQuotasRequest(entries=[_Entry(entity=[entity], ops=[operation])], validate_only=False)
        # kafka-python has the request, but no method of its own for it; librdkafka has neither.
        with closing(KafkaAdminClient(bootstrap_servers=list(stage.scene.cluster.bootstrap_servers))) as admin:
            answer = admin._manager.run(admin._manager.send, request)
        if any(entry.error_code for entry in answer.entries):
            raise TestbedError(f"the quota was not set: {answer}")
        time.sleep(1.0)

    return act


NAMES = Step("", _is_named_authentication)

ROWS = (
    Row(
        "wrong-password",
        (scraped(100), NAMES, Step("then the user gets the password that the exporter has", password_is(PASSWORD))),
        start=logs_in,
        before=(Step("the exporter starts with a wrong password", password_is(OTHER)),),
        every=0.3,
    ),
    Row(
        "password-changes",
        (
            Step("the user's password is changed", password_is(OTHER)),
            watch(5),
            kill(2),
            start(2),
            watch(10),
            NAMES,
            Step("then the user has the old password again", password_is(PASSWORD)),
        ),
        start=logs_in,
    ),
    Row(
        "forbidden-group",
        (Step("one group may no longer be read", _forbid), watch(15), Step("then it may", _allow)),
        start=logs_in,
    ),
    Row(
        "throttled",
        (
            Step(f"the exporter's client may take {QUOTA} % of a thread of each broker", quota(QUOTA)),
            watch(30),
            Step("then as much as it likes", quota(None)),
        ),
    ),
)
