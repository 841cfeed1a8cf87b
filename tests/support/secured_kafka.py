"""A broker that asks who is there, with a listener for every way to tell it, and what its clients need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from testbed.broker import Cluster
from testbed.processes import LOOPBACK, wait_until
from tests.support.certificates import Authority, Signed
from tests.support.planted import secret

JAAS = "org.apache.kafka.common.security"
UNSECURED_TOKENS = f"{JAAS}.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler"
SHORT_SESSION_MS = 3000
"""How long a login over the listener SHORT_LOGIN is good for; then the client has to log in again."""

LISTENERS = {
    "TLS": "SSL",
    "EXPIRED": "SSL",
    "MISNAMED": "SSL",
    "MUTUAL": "SSL",
    "LOGIN": "SASL_SSL",
    "SHORT_LOGIN": "SASL_SSL",
}

Right = tuple[ResourceType, str]
"""The kind and the name, or ``*``, of what may be described."""

CLUSTER: Right = (ResourceType.BROKER, "kafka-cluster")
ALL_GROUPS: Right = (ResourceType.GROUP, "*")
ALL_TOPICS: Right = (ResourceType.TOPIC, "*")
LEAST_RIGHTS = (CLUSTER, ALL_GROUPS, ALL_TOPICS)
"""What docs/security.md says that the exporter needs."""


@dataclass(frozen=True, slots=True)
class Pki:
    """The brokers' authority, another one, and a client's certificates."""

    authority: Authority
    other: Authority
    client: Signed
    stranger: Signed
    broker: Signed
    expired: Signed
    misnamed: Signed


def pki(folder: Path) -> Pki:
    authority, other = Authority(folder, "ca"), Authority(folder, "other-ca")
    return Pki(
        authority,
        other,
        client=authority.sign("monitor", password=secret("key").replace(" ", "")),
        stranger=other.sign("stranger"),
        broker=authority.sign("broker", f"IP:{LOOPBACK}"),
        expired=authority.sign("expired", f"IP:{LOOPBACK}", days=-1),
        misnamed=authority.sign("misnamed", "DNS:kafka.example.com"),
    )


@contextmanager
def secured_kafka(folder: Path, certificates: Pki, plain_users: Iterable[str]) -> Iterator[Cluster]:
    """One broker with a listener of every kind, which lets in nobody without a right.

    Users of PLAIN are those named. Whoever comes without encryption may do everything: the tests themselves.
    """
    stores = {}
    for name in ("broker", "expired", "misnamed"):
        signed: Signed = getattr(certificates, name)
        stores[name] = folder / f"{name}-store.pem"
        stores[name].write_text(signed.key.read_text() + signed.cert.read_text())
    users = " ".join(f'user_{name}="{secret(name)}"' for name in plain_users)
    properties = {
        "inter.broker.listener.name": "PLAINTEXT",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(stores["broker"]),
        "listener.name.expired.ssl.keystore.location": str(stores["expired"]),
        "listener.name.misnamed.ssl.keystore.location": str(stores["misnamed"]),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(certificates.authority.cert),
        "listener.name.mutual.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        "listener.name.short_login.connections.max.reauth.ms": str(SHORT_SESSION_MS),
    }
    for listener in ("login", "short_login"):
        prefix = f"listener.name.{listener}"
        properties |= {
            f"{prefix}.plain.sasl.jaas.config": f"{JAAS}.plain.PlainLoginModule required {users};",
            f"{prefix}.scram-sha-256.sasl.jaas.config": f"{JAAS}.scram.ScramLoginModule required;",
            f"{prefix}.scram-sha-512.sasl.jaas.config": f"{JAAS}.scram.ScramLoginModule required;",
            f"{prefix}.oauthbearer.sasl.jaas.config": f"{JAAS}.oauthbearer.OAuthBearerLoginModule required;",
            f"{prefix}.oauthbearer.sasl.server.callback.handler.class": UNSECURED_TOKENS,
        }
    with Cluster(folder, properties=properties, listeners=LISTENERS) as cluster:
        yield cluster


def set_password(cluster: Cluster, user: str, mechanism: ScramMechanism, password: str) -> None:
    """Makes a user of SCRAM, or gives it another password."""
    wanted = UserScramCredentialUpsertion(user, ScramCredentialInfo(mechanism, 4096), password.encode())
    cluster.admin.alter_user_scram_credentials([wanted])[user].result(30)


def may_describe(cluster: Cluster, user: str, *rights: Right, allowed: bool = True) -> list[AclBinding]:
    """Lets a user describe these, or, not ``allowed``, forbids it; returns when the broker knows."""
    permission = AclPermissionType.ALLOW if allowed else AclPermissionType.DENY
    bindings = [
        AclBinding(kind, name, ResourcePatternType.LITERAL, f"User:{user}", "*", AclOperation.DESCRIBE, permission)
        for kind, name in rights
    ]
    for created in cluster.admin.create_acls(bindings).values():
        created.result(30)
    wait_until(lambda: set(bindings) <= set(_acls(cluster)), 30, f"the rights of {user}")
    return bindings


def take_away(cluster: Cluster, bindings: Iterable[AclBinding]) -> None:
    """Takes rights, or what forbids them, away again."""
    filters = [
        AclBindingFilter(
            each.restype, each.name, each.resource_pattern_type, each.principal, each.host, each.operation,
            each.permission_type,
        )
        for each in bindings
    ]  # fmt: skip
    for deleted in cluster.admin.delete_acls(filters).values():
        deleted.result(30)


def _acls(cluster: Cluster) -> list[Any]:
    everything = AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
    )
    return list(cluster.admin.describe_acls(everything).result(30))
