"""The first inputs of the corpus: good ones, made by the code that writes what the targets read.

`python -m tests.fuzz.seeds` writes those that are missing.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from tests.fuzz.targets import KINDS, _good_responses
from tests.support.kafka_responses import assigned
from tests.support.repository import ROOT

CORPUS = Path(__file__).with_name("corpus")


def seeds() -> Iterator[tuple[str, str, bytes]]:
    """Target, name and content of each."""
    yield "configuration", "reference", (ROOT / "docs/config.reference.yml").read_bytes()
    yield "configuration", "aliases", b"clusters: {a: &a {bootstrap_servers: [k:1]}, b: *a}\ndefaults: {<<: *a}\n"
    yield (
        "web_configuration",
        "users",
        (
            b"basic_auth_users: {prometheus: $2b$04$KWMeDhSuRDsx1S3vSCF3NOFVDYlDZqRfHzWoiCGfvUwvc2gVLFiCG}\n"
            b"http_server_config: {headers: {X-Frame-Options: DENY}}\nrate_limit: {interval: 1s, burst: 3}\n"
        ),
    )
    yield "web_configuration", "tls", b"tls_server_config: {cert_file: c.pem, key_file: k.pem, min_version: TLS13}\n"
    with gzip.open(ROOT / "examples/shop.jsonl.gz") as file:
        yield "recording", "shop", b"".join(file.readline() for _ in range(3))
    yield "assignments", "two-partitions", assigned("orders", [0, 1])
    yield "assignments", "empty", b""
    good = _good_responses()
    yield "commits", "two-groups", good["OffsetFetch"].encode()
    for number, kind in enumerate(KINDS):
        yield "responses", kind, bytes([number]) + good[kind].encode()
    for version in range(3):
        yield "newer_groups", f"none-{version}", bytes([version, 0, 0, 0, 0, 1, 0])
    listed = good["ListGroups"]
    listed.with_header(correlation_id=1)
    yield "framing", "one", b"\x06" + listed.encode(header=True, framed=True)
    yield "requests", "scrape", b"GET /metrics?name[]=a\nX-Prometheus-Scrape-Timeout-Seconds: 10\nAccept: */*;q=0.5"
    yield "requests", "openmetrics", b"GET /metrics\nAccept: application/openmetrics-text;version=1.0.0,text/*;q=0.1"
    yield "requests", "group", b"GET /clusters/c/groups/g?sort=lag&page=2\nIf-None-Match: *\nAccept-Encoding: gzip"
    yield "requests", "burrow", b"GET /v3/kafka/c/consumer/g%2Fh/lag\nAuthorization: Basic YTpi"
    yield "requests", "log-level", b'POST /v3/admin/loglevel\nContent-Type: application/json\n\n{"level": "info"}'
    yield "names", "escaped", b"a%252Fb%2F..%FF"
    yield "names", "credentials", b"Basic YTpi"


def main() -> None:
    """Writes the seeds that are missing."""
    for target, name, content in seeds():
        path = CORPUS / target / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


if __name__ == "__main__":
    main()
