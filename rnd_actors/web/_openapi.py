"""The description of the REST interface after OpenAPI 3.1, made of the table of operations."""

from typing import Any, Final

from rnd_actors.control import Argument, Effect, Operation, Operations, RunOperations

_JSON: Final = "application/json"
_REFUSALS: Final = {
    "400": "The arguments are wrong.",
    "401": "The token is missing or wrong.",
    "403": "The request comes from the page of another site.",
    "404": "There is no such actor or worker.",
    "409": "It cannot be done now.",
}
_TEXT: Final = {"type": "string"}


def describe(operations: Operations) -> dict[str, Any]:
    """Return the description of all that can be asked by HTTP."""
    paths = {
        path_of(operation): {method_of(operation): _described(operation)}
        for operation in operations.table.values()
        if operation.effect is not Effect.FOLLOW
    }
    others = [
        ("/api/stream", "Snapshots and events, as server-sent events.", "text/event-stream", _TEXT),
        ("/api/openapi.json", "This description.", _JSON, {"type": "object"}),
        ("/metrics", "Metrics for Prometheus.", "text/plain", _TEXT),
    ]
    if isinstance(operations, RunOperations):
        others += [
            ("/api/result", "The result so far, with all samples.", _JSON, {"type": "object"}),
            ("/api/report", "The report of the run, if it is stored.", "text/html", _TEXT),
        ]
    for path, text, media, schema in others:
        paths[path] = {"get": _operation(path.rpartition("/")[2], text, media, schema)}
    paths["/healthz"] = {
        "get": {**_operation("healthz", "Whether it lives.", "text/plain", _TEXT), "security": []}
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "rnd-actors",
            "version": "1",
            "description": "Looking at a system of actors, and steering a run.",
        },
        "security": [{"token": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "rnd-actors-PORT"},
            },
            "schemas": {
                "Error": {
                    "type": "object",
                    "properties": {"error": _TEXT},
                    "required": ["error"],
                }
            },
        },
    }


def path_of(operation: Operation) -> str:
    """Return the path of an operation."""
    return f"/api/{operation.name.replace('_', '-')}"


def method_of(operation: Operation) -> str:
    """Return the method of an operation: what changes something, or takes time, is no GET."""
    return "get" if operation.effect is Effect.READ else "post"


def _described(operation: Operation) -> dict[str, Any]:
    answer = dict(operation.answer)
    if operation.effect is Effect.CHANGE:
        answer = {"type": "object", "properties": {"result": answer}, "required": ["result"]}
    described = _operation(operation.name, operation.text, _JSON, answer)
    if method_of(operation) == "get":
        parameters = [_parameter(each) for each in operation.arguments]
        return {**described, "parameters": parameters} if parameters else described
    schema = {
        "type": "object",
        "properties": {each.name: _schema(each) for each in operation.arguments},
        "required": [each.name for each in operation.arguments if each.is_required],
        "additionalProperties": False,
    }
    body = {"required": bool(schema["required"]), "content": {_JSON: {"schema": schema}}}
    return {**described, "requestBody": body}


def _operation(name: str, text: str, media: str, schema: dict[str, Any]) -> dict[str, Any]:
    error = {_JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}
    refusals = {code: {"description": why, "content": error} for code, why in _REFUSALS.items()}
    return {
        "operationId": name.removesuffix(".json"),
        "summary": text,
        "responses": {
            "200": {"description": text, "content": {media: {"schema": schema}}},
            **refusals,
        },
    }


def _parameter(argument: Argument) -> dict[str, Any]:
    return {
        "name": argument.name,
        "in": "query",
        "required": argument.is_required,
        "description": argument.text,
        "schema": _schema(argument),
    }


def _schema(argument: Argument) -> dict[str, Any]:
    default = {} if argument.is_required else {"default": argument.default}
    return {**argument.schema, "description": argument.text, **default}
