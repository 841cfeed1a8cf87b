"""What is sent to log in by MSK IAM: signed as AWS publishes it, by credentials that botocore finds."""

from __future__ import annotations

import hmac
import json
import ssl
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest
from kafka.protocol.metadata import ApiVersionsResponse
from kafka.protocol.sasl import SaslAuthenticateResponse, SaslHandshakeResponse

from exporter.settings import Cluster, Sasl, Tls
from exporter.sources import ClusterUnavailable
from exporter.sources.kafka.source import KafkaSource
from tests.support.certificates import Authority
from tests.support.fake_broker import LOOPBACK, FakeBroker, api_versions

KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105
"""The credentials of the examples that AWS publishes."""


def signature(host: str, path: str, scope: str, query: dict[str, str], payload: str) -> str:
    """The signature of a GET with a signed query, by Signature Version 4.

    ``scope``: date/region/service/aws4_request; ``payload``: what stands for the body.
    """
    canonical = "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))
    request = f"GET\n{path}\n{canonical}\nhost:{host}\n\nhost\n{payload}"
    text = "\n".join(("AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, sha256(request.encode()).hexdigest()))
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def test_the_algorithm_here_gives_the_signature_that_aws_publishes() -> None:
    """Of the presigned URL in "Authenticating Requests: Using Query Parameters" of Amazon S3's reference."""
    scope = "20130524/us-east-1/s3/aws4_request"
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{KEY}/{scope}",
        "X-Amz-Date": "20130524T000000Z",
        "X-Amz-Expires": "86400",
        "X-Amz-SignedHeaders": "host",
    }
    signed = signature("examplebucket.s3.amazonaws.com", "/test.txt", scope, query, "UNSIGNED-PAYLOAD")
    assert signed == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without AWS in it, in which nothing is asked for on the network."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    return monkeypatch


def refused_login(folder: Path) -> tuple[list[bytes], ClusterUnavailable]:
    """The requests to log in that a broker gets, which then refuses, and what the source says."""
    authority = Authority(folder)
    signed = authority.sign("broker", f"IP:{LOOPBACK}")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(signed.cert, signed.key)
    handlers = {
        ApiVersionsResponse: api_versions(),
        SaslHandshakeResponse: lambda version: SaslHandshakeResponse(
            version=version, error_code=0, mechanisms=["AWS_MSK_IAM"]
        ),
        SaslAuthenticateResponse: lambda version: SaslAuthenticateResponse(
            version=version, error_code=58, error_message="Access denied", auth_bytes=b"", session_lifetime_ms=0
        ),
    }
    with FakeBroker(handlers, context=context) as broker:
        sasl = Sasl("AWS_MSK_IAM")
        source = KafkaSource(Cluster("c", (broker.address,), tls=Tls(ca_file=str(authority.cert)), sasl=sasl))
        try:
            with pytest.raises(ClusterUnavailable) as raised:
                source.observe(30.0)
        finally:
            source.close()
        return [body for kind, body in broker.requests if kind is SaslAuthenticateResponse], raised.value


@pytest.mark.parametrize("session", [None, "a/session+token=="])
def test_the_login_is_signed_as_published(tmp_path: Path, aws: pytest.MonkeyPatch, session: str | None) -> None:
    aws.setenv("AWS_ACCESS_KEY_ID", KEY)
    aws.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    if session is not None:
        aws.setenv("AWS_SESSION_TOKEN", session)
    (body, *_), failure = refused_login(tmp_path)
    assert failure.reason == "authentication"
    sent = json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])
    scope = sent["x-amz-credential"].removeprefix(f"{KEY}/")
    assert scope == f"{sent['x-amz-date'][:8]}/eu-west-1/kafka-cluster/aws4_request"
    assert (sent["version"], sent["host"], sent["action"]) == ("2020_10_22", LOOPBACK, "kafka-cluster:Connect")
    query = {
        "Action": "kafka-cluster:Connect",
        "X-Amz-Algorithm": sent["x-amz-algorithm"],
        "X-Amz-Credential": sent["x-amz-credential"],
        "X-Amz-Date": sent["x-amz-date"],
        "X-Amz-Expires": sent["x-amz-expires"],
        "X-Amz-SignedHeaders": sent["x-amz-signedheaders"],
    }
    if session is not None:
        assert sent["x-amz-security-token"] == session
        query["X-Amz-Security-Token"] = session
    assert sent["x-amz-signature"] == signature(LOOPBACK, "/", scope, query, sha256(b"").hexdigest())
    assert SECRET not in body.decode("latin-1")


@pytest.mark.usefixtures("aws")
def test_credentials_that_are_nowhere_are_a_failed_login(tmp_path: Path) -> None:
    sent, failure = refused_login(tmp_path)
    assert sent == []
    assert failure.reason == "authentication"
    assert "AWS" in str(failure)
