"""Tokens for SASL/OAUTHBEARER, by OAuth 2.0's client credentials grant (RFC 6749, 4.4)."""

from __future__ import annotations

import math
import re
import ssl
import threading
import time
from typing import Final
from urllib.parse import quote_plus, urlsplit

import httpx
from kafka.errors import SaslAuthenticationFailedError
from kafka.net.sasl.oauth import AbstractTokenProvider
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error

from exporter.quoting import quoted
from exporter.settings import OAuth

RENEW_BEFORE_EXPIRY = 30.0

LIFETIME: Final = 300.0
"""Seconds, where the endpoint says none."""

MAX_RESPONSE_BYTES: Final = 64 * 1024
"""A longer response is no token."""

_TOKEN: Final = re.compile("[!-~]+")


class ClientCredentials(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python ships no type hints
    """Fetches a token from ``token_url``, and again shortly before the token expires.

    ``timeout``: how long fetching one may take in all, in seconds.
    """

    def __init__(self, oauth: OAuth, timeout: float) -> None:
        super().__init__()
        self._oauth = oauth
        self._timeout = timeout
        self._fetching = threading.Lock()
        self._token = ""
        self._renew_at = 0.0

    def token(self) -> str:
        """Returns a valid token. Raises SaslAuthenticationFailedError if none can be obtained."""
        # One request at a time, however many connections need the token.
        if not self._fetching.acquire(timeout=self._timeout):
            raise self._failure("no answer in time")
        try:
            if time.monotonic() >= self._renew_at:
                self._token, lifetime = self._read(*self._fetch())
                self._renew_at = time.monotonic() + max(lifetime - RENEW_BEFORE_EXPIRY, 0.0)
            return self._token
        finally:
            self._fetching.release()

    def _fetch(self) -> tuple[int, str]:
        """The status and the text of the endpoint's response, of whatever kind."""
        oauth = self._oauth
        # RFC 6749, 2.3.1: both are form-encoded before they are joined.
        client = httpx.BasicAuth(quote_plus(oauth.client_id), quote_plus(oauth.client_secret))
        form = BackendApplicationClient(oauth.client_id).prepare_request_body(scope=oauth.scope)
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        try:
            # Not redirected: the credentials are for this endpoint only. The system's authorities are trusted, which
            # may be a company's own.
            with httpx.Client(
                verify=ssl.create_default_context(), timeout=self._timeout, follow_redirects=False
            ) as http:
                # The timeout above is one for each read, and an endpoint may send a byte at a time.
                end = threading.Timer(self._timeout, http.close)
                end.daemon = True
                end.start()
                try:
                    with http.stream("POST", oauth.token_url, content=form, headers=headers, auth=client) as response:
                        return response.status_code, self._text(response)
                finally:
                    end.cancel()
        except httpx.TimeoutException as error:
            raise self._failure("no answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, RuntimeError) as error:
            raise self._failure(str(error) or type(error).__name__) from error

    def _text(self, response: httpx.Response) -> str:
        received = b""
        for piece in response.iter_bytes(MAX_RESPONSE_BYTES):
            received += piece
            if len(received) > MAX_RESPONSE_BYTES:
                raise self._failure(f"the response is longer than {MAX_RESPONSE_BYTES} bytes")
        return received.decode("utf-8", "replace")

    def _read(self, status: int, text: str) -> tuple[str, float]:
        """The token, and how many seconds it is valid."""
        if 300 <= status < 400:
            raise self._failure(f"HTTP {status}: it redirects elsewhere, where the secret is not sent")
        try:
            found = BackendApplicationClient(self._oauth.client_id).parse_request_body_response(text)
            token, lifetime = found["access_token"], float(found.get("expires_in", LIFETIME))
        except OAuth2Error as error:
            # Its description is not shown: an endpoint may repeat there what it was sent.
            raise self._failure(f"HTTP {status}: {quoted(str(error.error)[:40])}") from None
        except (AttributeError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
            raise self._failure(f"HTTP {status}: the response is no token in JSON") from None
        if status != 200 or not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise self._failure(f"HTTP {status}: the response is no token in JSON")
        return token, lifetime if math.isfinite(lifetime) else LIFETIME

    def _failure(self, why: str) -> SaslAuthenticationFailedError:
        """The failure, with the address of the endpoint as far as it can hold no secret."""
        url = urlsplit(self._oauth.token_url)
        return SaslAuthenticationFailedError(f"no token from {url.scheme}://{url.hostname}{url.path}: {why}")
