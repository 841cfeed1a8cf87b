"""How a cluster's brokers are reached: TLS and SASL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from exporter.schema.addresses import URL
from exporter.schema.kinds import BOOLEAN, FILE, LOGIN, SECRET, TEXT, choice
from exporter.schema.section import from_key, from_section, section, setting
from exporter.settings import checks

Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "GSSAPI", "AWS_MSK_IAM"]
"""The mechanisms that kafka-python has."""


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS towards the brokers. Paths of PEM files; ``ca_file`` None trusts the system's store."""

    ca_file: str | None = setting(
        FILE,
        "PEM file of the authorities that sign the brokers' certificates; without it the system's.",
        default=None,
        example="/etc/kafka/ca.pem",
    )
    cert_file: str | None = setting(
        FILE,
        "PEM file of the exporter's own certificate, for brokers that ask for one.",
        default=None,
        example="/etc/kafka/exporter.pem",
    )
    key_file: str | None = setting(
        FILE,
        "PEM file of that certificate's key, if it is not in `cert_file`.",
        default=None,
        example="/etc/kafka/exporter.key",
    )
    key_password: str | None = setting(
        SECRET,
        "Password of the key.",
        default=None,
        repr=False,
        example="${KAFKA_KEY_PASSWORD}",
        file_example="/run/secrets/kafka-key-password",
    )
    verify_hostname: bool = setting(BOOLEAN, "Whether a broker's certificate must match its host name.", default=True)


@dataclass(frozen=True, slots=True)
class OAuth:
    """Where the tokens of OAUTHBEARER come from, and who asks for them."""

    token_url: str = field(
        repr=False, metadata=from_key(URL, "URL of the token endpoint.", example="https://idp.example.com/oauth2/token")
    )
    client_id: str = field(
        metadata=from_key(
            LOGIN, "Client id.", example="kafka-burrow-exporter", file_example="/run/secrets/kafka-client-id"
        )
    )
    client_secret: str = field(
        repr=False,
        metadata=from_key(
            SECRET, "Client secret.", example="${KAFKA_CLIENT_SECRET}", file_example="/run/secrets/kafka-client-secret"
        ),
    )
    scope: str | None = setting(TEXT, "Scope to request.", default=None, example="kafka")


@dataclass(frozen=True, slots=True)
class Kerberos:
    """The brokers' principal, for GSSAPI."""

    service_name: str = setting(TEXT, "First part of the brokers' principal.", default="kafka")
    domain_name: str | None = setting(
        TEXT,
        "Host part of the principal; without it the broker's host name.",
        default=None,
        example="kafka.example.com",
    )


OAUTH: Final = section(OAuth, "For OAUTHBEARER: tokens are fetched with client credentials (RFC 6749, 4.4).")
KERBEROS: Final = section(
    Kerberos, "For GSSAPI: the ticket comes from the credential cache (kinit, or KRB5_CLIENT_KTNAME)."
)


@dataclass(frozen=True, slots=True)
class Sasl:
    """SASL towards the brokers; MSK IAM uses AWS' own environment."""

    mechanism: Mechanism = field(
        metadata=from_key(
            choice("a mechanism", *get_args(Mechanism)),
            "How to log in. GSSAPI needs the extra `kerberos`, AWS_MSK_IAM the extra `msk` and `tls`"
            " (credentials and region then come from AWS' own environment variables and files).",
            required=True,
            example="SCRAM-SHA-512",
        )
    )
    username: str | None = setting(
        LOGIN, "For PLAIN and SCRAM.", default=None, example="burrow", file_example="/run/secrets/kafka-username"
    )
    password: str | None = setting(
        SECRET,
        "For PLAIN and SCRAM.",
        default=None,
        repr=False,
        example="${KAFKA_PASSWORD}",
        file_example="/run/secrets/kafka-password",
    )
    oauth: OAuth | None = field(default=None, metadata=from_section(OAUTH))
    kerberos: Kerberos | None = field(default=None, metadata=from_section(KERBEROS))


TLS: Final = section(
    Tls,
    "TLS to the brokers. `tls: {}` is enough where the system's trusted authorities have signed their certificates.",
    check=checks.tls,
)
SASL: Final = section(Sasl, "SASL to the brokers.", check=checks.sasl)
