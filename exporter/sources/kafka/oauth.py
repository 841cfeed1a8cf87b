"""Tokens for SASL/OAUTHBEARER, by OAuth 2.0's client credentials grant (RFC 6749, 4.4)."""

from __future__ import annotations

import base64
import json
import time
import urllib.parse
import urllib.request

from kafka.errors import SaslAuthenticationFailedError
from kafka.net.sasl.oauth import AbstractTokenProvider

from exporter.settings import OAuth

RENEW_BEFORE_EXPIRY = 30.0


class ClientCredentials(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python ships no type hints
    """Fetches a token from ``token_url``, and again shortly before the token expires."""

    def __init__(self, oauth: OAuth, timeout: float) -> None:
        super().__init__()
        self._oauth = oauth
        self._timeout = timeout
        self._token = ""
        self._renew_at = 0.0

    def token(self) -> str:
        """Returns a valid token. Raises SaslAuthenticationFailedError if none can be obtained."""
        if time.monotonic() >= self._renew_at:
            self._fetch()
        return self._token

    def _fetch(self) -> None:
        oauth = self._oauth
        url = oauth.token_url
        form = {"grant_type": "client_credentials"}
        if oauth.scope:
            form["scope"] = oauth.scope
        # RFC 6749, 2.3.1: both are form-encoded before they are joined.
        client = urllib.parse.quote_plus(oauth.client_id)
        secret = urllib.parse.quote_plus(oauth.client_secret)
        credentials = base64.b64encode(f"{client}:{secret}".encode()).decode("ascii")
        request = urllib.request.Request(  # noqa: S310  # the configuration admits http and https only
            url,
            data=urllib.parse.urlencode(form).encode("ascii"),
            headers={"Authorization": f"Basic {credentials}", "Accept": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as response:  # noqa: S310
                body = json.load(response)
            self._token = str(body["access_token"])
            lifetime = float(body.get("expires_in", 300))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SaslAuthenticationFailedError(f"no token from {url}: {error}") from error
        self._renew_at = time.monotonic() + max(lifetime - RENEW_BEFORE_EXPIRY, 0.0)
