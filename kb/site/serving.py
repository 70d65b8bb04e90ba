"""What the server of a site on one's own machine refuses before MkDocs looks for a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
OWN_NAMES = ("127.0.0.1", "localhost", "[::1]")
"""The names of this machine; a page elsewhere whose name was made to lead here sends its own."""


def guarded(application: Application) -> Application:
    """Return a WSGI application that answers only for this machine's names, and for paths that can exist."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        name = environ.get("HTTP_HOST", OWN_NAMES[0]).lower()
        port = name.rpartition(":")[2]
        if (name.removesuffix(f":{port}") if port.isdigit() else name) not in OWN_NAMES:
            return refuse("421 Misdirected Request", start_response)
        if "\0" in environ.get("PATH_INFO", ""):
            return refuse("400 Bad Request", start_response)
        return application(environ, start_response)

    def refuse(status: str, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [status.encode()]

    return answer
