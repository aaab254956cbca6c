"""The description of the whole tree, from which documentation, proxies and forms can be made."""

from __future__ import annotations

from piccolo3.components.component import Component
from piccolo3.components.datatypes import Schema
from piccolo3.components.declaration import Command
from piccolo3.components.resource import Resource, walk

__all__ = ["describe"]


def describe(root: Component) -> Schema:
    """Return `{"resources": [...]}`, one object for each resource, in the order of the tree.

    Its keys: `path` (no leading slash), `kind` ("value", "command", "lookup"), `title`, `text`, `observable`,
    `methods`, `type` (JSON Schema of what GET answers, null if that is null or there is no GET), `arguments` (JSON
    Schemas with `name`, and `default` if it can be left out) and `answer` (of PUT and POST, null if they answer
    nothing). Commands have `legacy`, the methods that are for old clients only. A part of a path in angle brackets
    stands for any name.
    """
    return {"resources": [_describe(resource) for resource in walk(root, prototypes=True)]}


def _describe(resource: Resource) -> Schema:
    path = "/".join(resource.path)
    if resource.item_argument is not None:
        path += f"/<{resource.item_argument.name}>"
    described: Schema = {
        "path": path,
        "kind": resource.kind.value,
        "title": resource.title,
        "text": resource.text,
        "observable": resource.observable,
        "methods": list(resource.methods),
        "type": None if resource.type is None else resource.type.schema(),
        "arguments": [argument.schema() for argument in resource.arguments],
        "answer": None if resource.answer is None else resource.answer.schema(),
    }
    if isinstance(resource.member, Command):
        described["legacy"] = [method for method in resource.methods if method == "GET"]
    return described
