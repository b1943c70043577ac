"""Who is let in: the checks that each request has to pass, and the headers of each answer.

What a page of somebody else can make a browser do is refused by several: it does not have the
cookie (`SameSite=Strict`), comes from another origin, and cannot send JSON without being asked
(there is no CORS). A site whose name suddenly leads here (DNS rebinding) has the wrong `Host`.
"""

import hmac
from typing import Final
from urllib.parse import urlsplit

from flask import Request, Response
from werkzeug.exceptions import (
    Forbidden,
    MethodNotAllowed,
    Unauthorized,
    UnsupportedMediaType,
)

from rnd_actors.web._listener import Listener

_OPEN: Final = "/healthz"
_PAGE: Final = "/"
_READING: Final = ("GET", "HEAD")
_METHODS: Final = (*_READING, "POST")
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_LOGIN: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>rnd-actors: not logged in</title>
<link rel="icon" href="data:,">
</head>
<body>
<h1>Not logged in</h1>
<p>This page opens by an address with a token, which the program that serves it has printed when it
began, or by a token that was given to it. Open that address once: http://…/?token=…</p>
</body>
</html>
"""


class Guard:
    """Decides whether a request may pass, before anything else looks at it.

    Args:
        listener: whose names and token count.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._cookie = f"rnd-actors-{listener.port}"

    def check(self, request: Request) -> Response | None:
        """Return an answer in place of the usual one; None: the request may pass.

        Raises:
            HTTPException: it may not.
        """
        if not self._listener.serves(request.headers.get("Host", "")):
            raise Forbidden("this is no name of this server")
        if request.method not in _METHODS:
            raise MethodNotAllowed(_METHODS)
        if request.path == _OPEN:
            return None
        if request.path == _PAGE and "token" in request.args:
            return self._log_in(request)
        if not self._has_token(request):
            if request.path == _PAGE:
                return Response(_LOGIN, 401, mimetype="text/html")
            raise Unauthorized("the token is missing or wrong")
        if request.method not in _READING:
            self._check_origin(request)
        return None

    def dress(self, response: Response, request: Request) -> Response:
        """Add the headers that every answer has."""
        response.headers.update(_HEADERS)
        if not (request.path.startswith("/static/") and response.status_code in (200, 304)):
            response.headers["Cache-Control"] = "no-store"
        if response.status_code == Unauthorized.code:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    def _log_in(self, request: Request) -> Response:
        """Put the token of an address into a cookie, and lead to the address without it."""
        if not self._is_token(request.args["token"]):
            return Response(_LOGIN, 401, mimetype="text/html")
        response = Response(status=303, headers={"Location": _PAGE})
        response.set_cookie(
            self._cookie, self._listener.token, path="/", httponly=True, samesite="Strict"
        )
        return response

    def _has_token(self, request: Request) -> bool:
        kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._is_token(bearer.strip()):
            return True
        return any(map(self._is_token, request.cookies.getlist(self._cookie)))

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(errors="replace"), self._listener.token.encode())

    def _check_origin(self, request: Request) -> None:
        """Refuse what a page from elsewhere sends, also one from another port of this machine."""
        origin = request.headers.get("Origin")
        if origin is not None and not self._is_own(origin, request.headers["Host"]):
            raise Forbidden("this comes from the page of another site")
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise Forbidden("this comes from the page of another site")
        if request.mimetype != "application/json":
            raise UnsupportedMediaType("the body has to be application/json")

    def _is_own(self, origin: str, host: str) -> bool:
        """Whether it is of this server: that any IP address is served makes none its own."""
        try:
            sender = urlsplit(origin).netloc.lower()
        except ValueError:
            return False
        return sender in self._listener.names or sender == host.lower()
