"""The server below the application: the listening socket, its connections, and threads for what blocks.

It knows nothing of what is served. Why uvicorn, and what was weighed against it: docs/decisions/0004-web-server.md
"""

from exporter.web.server.server import Server, bound_address, listen, make_server, parse_address, serve

__all__ = ["Server", "bound_address", "listen", "make_server", "parse_address", "serve"]
