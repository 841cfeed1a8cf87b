"""The clusters as targets for Prometheus' ``http_sd_configs``: each is scraped on its own, with its own timeout."""

from __future__ import annotations

import re
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from exporter.settings import Settings
from exporter.web.names import CLUSTER

HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?P<port>:\d{1,5})?")
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Discovery:
    """Lists a target for each cluster, at the address by which the list was asked for."""

    def __init__(self, settings: Settings) -> None:
        self._clusters = [cluster.name for cluster in settings.clusters]
        self._path = settings.web.telemetry_path

    async def respond(self, request: Request) -> Response:
        """The list, in the order of the configuration."""
        scheme, host = request.url.scheme, request.headers.get("host", "")
        named = HOST.fullmatch(host)
        if named is None:
            return PlainTextResponse("The Host header is not an address that could be scraped.\n", 400)
        address = host if named["port"] else f"{host}:{DEFAULT_PORTS[scheme]}"
        return JSONResponse([self._target(address, scheme, name) for name in self._clusters])

    def _target(self, address: str, scheme: str, cluster: str) -> dict[str, Any]:
        """One cluster: how it is scraped, and the label by which `up` tells it from the others."""
        labels = {
            "__scheme__": scheme,
            "__metrics_path__": self._path,
            f"__param_{CLUSTER}": cluster,
            "cluster": cluster,
        }
        return {"targets": [address], "labels": labels}
