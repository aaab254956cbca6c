"""OpenAPI 3.1 made from what a rig says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from piccolo3.client.tree import Argument, Described
from piccolo3.jsonvalue import JsonValue
from piccolo3.web.openapi_more import more_paths

__all__ = ["openapi"]

_ERRORS: dict[str, JsonValue] = {
    code: {"description": text, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    for code, text in (
        ("400", "a value is malformed or out of range"),
        ("401", "log in first"),
        ("403", "you may look, but not operate"),
        ("404", "there is no such thing"),
        ("409", "something is running, or the thing is in a state that does not allow it"),
        ("503", "a device or the data directory does not work now"),
        ("504", "the rig does not answer"),
    )
}
_ERROR: dict[str, JsonValue] = {
    "type": "object",
    "required": ["error", "message"],
    "properties": {"error": {"type": "string"}, "message": {"type": "string"}},
}


def openapi(name: str, title: str, version: str, resources: Iterable[Described]) -> dict[str, JsonValue]:
    """The document for one rig; units are in `x-unit`, what can be observed has `x-observable`."""
    paths: dict[str, dict[str, JsonValue]] = {}
    for one in resources:
        path = "/" + "/".join(f"{{{part[1:-1]}}}" if part.startswith("<") else part for part in one.path)
        item = paths.setdefault(path, {})
        names = [part[1:-1] for part in one.path if part.startswith("<")]
        if names:
            item["parameters"] = [_in_path(part) for part in names]
        item |= _operations(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": "The tree of a rig, as it describes itself."},
        "servers": [{"url": f"/r/{name}/api"}],
        "security": [{}, {"basic": []}, {"cookie": []}],
        "paths": {**paths, **more_paths(name, _ERRORS)},
        "components": {
            "schemas": {"Error": _ERROR},
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "piccolo"},
            },
        },
    }


def _operations(one: Described) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    tag = one.path[0]
    common: dict[str, JsonValue] = {"summary": one.title, "description": one.text, "tags": [tag]}
    if one.is_value:
        found["get"] = {**common, "responses": _responses(one.type), "x-observable": one.observable}
    elif "FETCH" in one.methods:
        asked = [_in_query(argument) for argument in one.arguments]
        found["get"] = {**common, "parameters": asked, "responses": _responses(one.answer)}
    for method in ("PUT", "POST"):
        if method in one.methods and not (method == "PUT" and not one.settable and "POST" in one.methods):
            found[method.lower()] = {**common, **_body(one), "responses": _responses(one.answer)}
    return found


def _body(one: Described) -> dict[str, JsonValue]:
    if not one.arguments:
        return {}
    named: dict[str, JsonValue] = {
        "type": "object",
        "properties": {argument.name: _argument(argument) for argument in one.arguments},
        "required": [argument.name for argument in one.arguments if argument.required],
    }
    schema: JsonValue = named
    if one.settable and len(one.arguments) == 1:
        schema = {"anyOf": [_schema(one.arguments[0].schema), named]}
    required = any(argument.required for argument in one.arguments)
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def _argument(argument: Argument) -> dict[str, JsonValue]:
    found = _schema(argument.schema)
    if argument.text:
        found["description"] = argument.text
    if not argument.required:
        found["default"] = argument.default
    return found


def _schema(schema: Mapping[str, JsonValue] | None) -> dict[str, JsonValue]:
    found = dict(schema or {})
    if "unit" in found:
        found["x-unit"] = found.pop("unit")
    return found


def _responses(schema: Mapping[str, JsonValue] | None) -> dict[str, JsonValue]:
    content: dict[str, JsonValue] = {"application/json": {"schema": _schema(schema)}}
    return {"200": {"description": "done", "content": content}, **_ERRORS}


def _in_path(name: str) -> dict[str, JsonValue]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _in_query(argument: Argument) -> dict[str, JsonValue]:
    return {"name": argument.name, "in": "query", "required": argument.required, "schema": _argument(argument)}
