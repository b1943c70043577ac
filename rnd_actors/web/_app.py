"""The web application: operations of the table as REST, streams, metrics, and the page."""

import json
import logging
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from importlib.resources import files
from pathlib import PurePath
from typing import Any, Final

from flask import Flask, Response, after_this_request, request, send_from_directory
from werkzeug.exceptions import BadRequest, Conflict, HTTPException, NotFound, ServiceUnavailable

from rnd_actors._json import to_json
from rnd_actors._printing import one_line, shown_error, text_of
from rnd_actors.control import Effect, Operation, Operations, RunOperations
from rnd_actors.errors import RndActorsError, SettingsError
from rnd_actors.metrics import Metrics
from rnd_actors.web._clients import CLIENT, while_connected
from rnd_actors.web._downloads import Downloads
from rnd_actors.web._openapi import describe, method_of, path_of
from rnd_actors.web._security import Guard
from rnd_actors.web._streams import Streams

_STATIC: Final = str(files("rnd_actors.web") / "static")
_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_JSON: Final = "application/json"


def make_app(operations: Operations, guard: Guard, streams: Streams, metrics: Metrics) -> Flask:
    """Return the application.

    Args:
        operations: on the system.
        guard: decides which requests pass.
        streams: of those who watch.
        metrics: of the system.
    """
    app = Flask("rnd_actors.web", static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False
    app.before_request(lambda: guard.check(request))
    app.after_request(lambda response: guard.dress(response, request))
    app.register_error_handler(Exception, _error)
    _add_page(app)
    _add_streams(app, streams)
    for operation in operations.table.values():
        if operation.effect is not Effect.FOLLOW:
            _add_operation(app, operation)
    if isinstance(operations, RunOperations):
        downloads = Downloads(operations)
        app.add_url_rule("/api/result", "result", downloads.result)
        app.add_url_rule("/api/report", "report", downloads.report)
    description = _dumped(describe(operations))
    app.add_url_rule("/api/openapi.json", "openapi", lambda: Response(description, mimetype=_JSON))
    app.add_url_rule(
        "/metrics",
        "metrics",
        lambda: Response(metrics.text(), content_type=metrics.content_type),
    )
    return app


def _add_page(app: Flask) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @app.get("/")
    def page() -> Response:
        return send_from_directory(_STATIC, "index.html", mimetype=_TYPES[".html"])

    @app.get("/static/<path:name>")
    def static(name: str) -> Response:
        mimetype = _TYPES.get(PurePath(name).suffix)
        if mimetype is None:
            raise NotFound("there is no such file")
        return send_from_directory(_STATIC, name, mimetype=mimetype)


def _add_streams(app: Flask, streams: Streams) -> None:
    @app.get("/api/stream")
    def stream() -> Response:
        if streams.is_full:
            raise ServiceUnavailable("too many watch already")
        headers = {"Connection": "close", "X-Accel-Buffering": "no"}  # the latter tells nginx
        frames = () if request.method == "HEAD" else streams.frames()
        return Response(frames, mimetype="text/event-stream", headers=headers)


def _add_operation(app: Flask, operation: Operation) -> None:
    def view() -> Response:
        given = _body() if request.method == "POST" else _query(operation)
        answers = operation.answers(_bound(operation, given))
        is_long = operation.effect is Effect.WAIT
        if is_long:
            after_this_request(_closing)
        try:
            with while_connected(request.environ[CLIENT]) if is_long else nullcontext():
                answer = next(answers)
        except RndActorsError as error:
            raise _refusal(error) from error
        if operation.effect is Effect.CHANGE:
            answer = {"result": answer}
        body = _dumped(answer)
        headers = {"Content-Length": str(len(body))}
        return Response(_first(body, answers), mimetype=_JSON, headers=headers)

    methods = [method_of(operation).upper()]
    app.add_url_rule(path_of(operation), operation.name, view, methods=methods)


def _closing(response: Response) -> Response:
    response.headers["Connection"] = "close"
    return response


def _first(body: bytes, answers: Iterator[Any]) -> Iterator[bytes]:
    """Give the answer, and do the rest when it has been sent: a stop ends the server as well."""
    yield body
    for _ in answers:
        pass


def _bound(operation: Operation, given: dict[str, Any]) -> dict[str, Any]:
    try:
        return operation.bind(given)
    except RndActorsError as error:
        raise BadRequest(one_line(error)) from error


def _body() -> dict[str, Any]:
    try:
        given = json.loads(request.get_data() or b"{}")
    except (RecursionError, ValueError) as error:
        raise BadRequest(f"the body is no JSON: {one_line(error)}") from error
    if not isinstance(given, dict):
        raise BadRequest("the body is no object")
    return given


def _query(operation: Operation) -> dict[str, Any]:
    """Return the arguments of the query; those that are to be numbers become numbers."""
    given: dict[str, Any] = request.args.to_dict()
    for argument in operation.arguments:
        if argument.schema.get("type") == "integer" and argument.name in given:
            with suppress(ValueError):
                given[argument.name] = int(given[argument.name])
    return given


def _refusal(error: RndActorsError) -> HTTPException:
    if isinstance(error, LookupError):
        return NotFound(one_line(error))
    wrong = isinstance(error, SettingsError)
    return (BadRequest if wrong else Conflict)(one_line(error))


def _error(error: Exception) -> Response:
    """Answer what is wrong in words; of an error that nobody has expected, the log has more."""
    if isinstance(error, HTTPException):
        response = Response(headers=error.get_headers(), status=error.code)
        told = error.description
    else:
        logging.getLogger("rnd_actors").error("%s failed", request.path, exc_info=error)
        response, told = Response(status=500), f"it failed: {one_line(shown_error(error))}"
    response.data = _dumped({"error": told})
    response.content_type = _JSON
    return response


def _dumped(answer: object) -> bytes:
    return to_json(answer, default=text_of).encode()
