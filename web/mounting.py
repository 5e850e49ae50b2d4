"""Serving under a path of the public address: `https://town.example/fil` as well as `/`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Mounted:
    """Moves the public address's path from PATH_INFO to SCRIPT_NAME (PEP 3333).

    Works whether or not the proxy in front strips that path.
    """

    def __init__(self, application: WSGIApplication, base_url: str) -> None:
        self._application = application
        self._prefix = urlsplit(base_url).path.rstrip("/")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if self._prefix:
            path = environ.get("PATH_INFO", "")
            if path == self._prefix or path.startswith(f"{self._prefix}/"):
                environ["PATH_INFO"] = path.removeprefix(self._prefix) or "/"
            environ["SCRIPT_NAME"] = self._prefix
        return self._application(environ, start_response)
