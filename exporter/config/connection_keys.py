"""The keys of TLS and SASL towards the brokers, a part of the table in `exporter.config.keys`."""

from __future__ import annotations

from exporter import settings
from exporter.config import checks
from exporter.schema.kinds import FILE, FLAG, SECRET, SECRET_FILE, TEXT, TEXT_OR_VARIABLE, URL, choice
from exporter.schema.section import Key, Section

TLS = Section(
    "tls",
    "TLS to the brokers. `tls: {}` is enough where the system's trusted authorities have signed their certificates.",
    settings.Tls,
    (
        Key(
            "ca_file",
            FILE,
            "PEM file of the authorities that sign the brokers' certificates; without it the system's.",
            example="/etc/kafka/ca.pem",
        ),
        Key(
            "cert_file",
            FILE,
            "PEM file of the exporter's own certificate, for brokers that ask for one.",
            example="/etc/kafka/exporter.pem",
        ),
        Key(
            "key_file",
            FILE,
            "PEM file of that certificate's key, if it is not in `cert_file`.",
            example="/etc/kafka/exporter.key",
        ),
        Key("key_password", SECRET, "Password of the key.", example="${KAFKA_KEY_PASSWORD}"),
        Key(
            "key_password_file",
            SECRET_FILE,
            "File that holds the password of the key.",
            into="key_password",
            example="/run/secrets/kafka-key-password",
        ),
        Key("verify_hostname", FLAG, "Whether a broker's certificate must match its host name."),
    ),
    check=checks.tls,
)

OAUTH = Section(
    "oauth",
    "For OAUTHBEARER: tokens are fetched with client credentials (RFC 6749, 4.4).",
    settings.Sasl,
    (
        Key("token_url", URL, "URL of the token endpoint.", example="https://idp.example.com/oauth2/token"),
        Key("client_id", TEXT_OR_VARIABLE, "Client id.", example="kafka-burrow-exporter"),
        Key("client_secret", SECRET, "Client secret.", example="${KAFKA_CLIENT_SECRET}"),
        Key(
            "client_secret_file",
            SECRET_FILE,
            "File that holds the secret.",
            into="client_secret",
            example="/run/secrets/kafka-client-secret",
        ),
        Key("scope", TEXT, "Scope to request.", example="kafka"),
    ),
    prefix="oauth_",
)

KERBEROS = Section(
    "kerberos",
    "For GSSAPI: the ticket comes from the credential cache (kinit, or KRB5_CLIENT_KTNAME).",
    settings.Sasl,
    (
        Key("service_name", TEXT, "First part of the brokers' principal."),
        Key(
            "domain_name",
            TEXT,
            "Host part of the principal; without it the broker's host name.",
            example="kafka.example.com",
        ),
    ),
    prefix="kerberos_",
)

SASL = Section(
    "sasl",
    "SASL to the brokers.",
    settings.Sasl,
    (
        Key(
            "mechanism",
            choice("a mechanism", *checks.MECHANISMS),
            "How to log in. GSSAPI needs the extra `kerberos`, AWS_MSK_IAM the extra `msk` and `tls`"
            " (credentials and region then come from AWS' own environment variables and files).",
            required=True,
            example="SCRAM-SHA-512",
        ),
        Key("username", TEXT_OR_VARIABLE, "For PLAIN and SCRAM.", example="burrow"),
        Key(
            "username_file",
            SECRET_FILE,
            "File that holds the user name.",
            into="username",
            example="/run/secrets/kafka-username",
        ),
        Key("password", SECRET, "For PLAIN and SCRAM.", example="${KAFKA_PASSWORD}"),
        Key(
            "password_file",
            SECRET_FILE,
            "File that holds the password.",
            into="password",
            example="/run/secrets/kafka-password",
        ),
        OAUTH,
        KERBEROS,
    ),
    check=checks.sasl,
)
