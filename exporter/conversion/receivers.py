"""[notifier.X] → a receiver of Alertmanager's: a web hook, Slack, e-mail, or nobody."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from exporter.conversion.burrow_file import BurrowSection
from exporter.conversion.client_profiles import write_secret
from exporter.conversion.yaml_lines import Block
from exporter.quoting import quoted

_TITLE: Final = "{{ .Status | toUpper }}: {{ .CommonLabels.consumer_group }} on {{ .CommonLabels.cluster }}"
_BODY: Final = "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.description }}\n{{ end }}"
_PLACEHOLDER: Final = "http://change-me.invalid/"


def receiver(notifier: BurrowSection) -> Block:
    """The receiver that takes a notifier's place, under its name."""
    block = Block()
    block.set("name", notifier.name)
    match notifier.text("class-name"):
        case "http" if _is_slack(notifier.text("url-open")):
            block.set("slack_configs", [_slack(notifier)])
        case "http":
            block.set("webhook_configs", [_web_hook(notifier)])
        case "email":
            block.set("email_configs", [_email(notifier)])
        case "null":
            notifier.switch("send-close")
            _note_extras(notifier, block)
        case other:
            notifier.mistake(
                "class-name" if other else "", f"class-name must be http, email or null, not {quoted(other)}"
            )
    return block


def _is_slack(url: str) -> bool:
    try:
        return (urlsplit(url).hostname or "").endswith("slack.com")
    except ValueError:
        return False


def _slack(notifier: BurrowSection) -> Block:
    block = Block()
    block.set("api_url", _url(notifier, block))
    _set_send_resolved(notifier, block)
    block.note(
        "Write here what template-open and template-close said. The exporter's own alerts/alertmanager.yml has a richer"
        " message, with templates."
    )
    block.set("title", _TITLE)
    block.set("text", _BODY)
    _write_http(notifier, block)
    _note_extras(notifier, block)
    return block


def _web_hook(notifier: BurrowSection) -> Block:
    block = Block()
    block.note(
        "The body is Alertmanager's own JSON, not what template-open and template-close made: who receives it must"
        " read that, or a small service between must translate it."
    )
    block.set("url", _url(notifier, block))
    _set_send_resolved(notifier, block)
    _write_http(notifier, block)
    _note_extras(notifier, block)
    return block


def _url(notifier: BurrowSection, block: Block) -> str:
    url = notifier.text("url-open")
    try:
        valid = urlsplit(url).scheme in {"http", "https"} and bool(urlsplit(url).hostname)
    except ValueError:
        valid = False
    if "{{" in url:
        block.note(f"The address was a template, which Alertmanager does not fill in: {quoted(url)}. Write another.")
        return _PLACEHOLDER
    if not valid or any(letter.isspace() for letter in url):
        notifier.mistake("url-open" if url else "", 'needs an address: url-open="https://host/path"')
    close = notifier.values.get("url-close", url)
    if close != url:
        block.note(
            "url-close was another address. Alertmanager sends both to this one; status says firing or resolved."
        )
    return url


def _set_send_resolved(notifier: BurrowSection, block: Block) -> None:
    block.set("send_resolved", notifier.switch("send-close"))


def _write_http(notifier: BurrowSection, block: Block) -> None:
    """Authentication and TLS; and what only newer versions of Alertmanager have, as comments."""
    http = Block()
    if notifier.has("username"):
        login = Block()
        login.set("username", notifier.text("username"))
        write_secret(notifier, "password", login, "password")
        http.set("basic_auth", login)
    if tls := _tls(notifier):
        http.set("tls_config", tls)
    if http:
        block.set("http_config", http)
    headers = notifier.values.get("headers")
    if isinstance(headers, dict) and headers:
        notifier.file.used.add((*notifier.path, "headers"))
        block.note(
            f"The headers {', '.join(map(quoted, headers))} are not sent: http_config has http_headers from"
            " Alertmanager 0.28 on."
        )
    if notifier.has("timeout"):
        block.set_commented_out("timeout", f"{notifier.number('timeout'):g}s", "From Alertmanager 0.28 on.")


def _email(notifier: BurrowSection) -> Block:
    block = Block()
    port = int(notifier.number("port", 25))
    for key in ("server", "from", "to"):
        if not notifier.has(key):
            notifier.mistake("", f"needs {key}")
    block.set("smarthost", f"{notifier.text('server')}:{port}")
    block.set("from", notifier.text("from"))
    block.set("to", notifier.text("to"))
    _set_send_resolved(notifier, block)
    kind = notifier.text("auth-type").lower()
    if kind not in {"", "plain", "crammd5"}:
        notifier.mistake("auth-type", "must be plain or crammd5")
    if notifier.has("username"):
        block.set("auth_username", notifier.text("username"))
        write_secret(notifier, "password", block, "auth_secret" if kind == "crammd5" else "auth_password")
    else:
        block.set(
            "require_tls", False, "Burrow used STARTTLS if the server had it. Alertmanager requires it, or uses none."
        )
    if tls := _tls(notifier):
        block.set("tls_config", tls)
    headers = Block()
    headers.set("Subject", _TITLE)
    block.note("Write here what template-open and template-close said, subject included.")
    block.set("headers", headers)
    block.set("text", _BODY)
    block.set("html", "")
    _note_extras(notifier, block)
    return block


def _tls(notifier: BurrowSection) -> Block:
    block = Block()
    if notifier.has("extra-ca"):
        block.set(
            "ca_file",
            notifier.text("extra-ca"),
            "Only these authorities are trusted; Burrow added them to the system's.",
        )
    if notifier.switch("noverify"):
        block.set("insecure_skip_verify", True)
    return block


def _note_extras(notifier: BurrowSection, block: Block) -> None:
    """Values for Burrow's templates; older versions called them ``extra``."""
    names: list[Any] = []
    for key in ("extras", "extra"):
        if key in notifier.values:
            notifier.file.used.add((*notifier.path, key))
            value = notifier.values[key]
            names += list(value) if isinstance(value, dict) else [key]
    if names:
        block.note(
            f"extras: the values {', '.join(map(quoted, names))} were for the templates; write them into the texts, or"
            " give the alerts labels."
        )
