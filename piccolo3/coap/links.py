"""`.well-known/core`: which resources there are, in the link format of RFC 6690."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import quote

from piccolo3.components.resource import Kind, Resource

__all__ = ["LINK_FORMAT", "Link", "link_format", "resource_link", "select"]

LINK_FORMAT = 40
"""Content format of link lists."""

Attributes: TypeAlias = Mapping[str, str | None]
Link: TypeAlias = tuple[str, Attributes]
"""Path with a leading slash, percent-encoded, and attributes; those without a value are None."""

_INTERFACES = {
    # names of draft-ietf-core-interfaces: parameter, read-only parameter, actuator
    (Kind.VALUE, True): "core.p",
    (Kind.VALUE, False): "core.rp",
    (Kind.COMMAND, True): "core.a",
}
_LISTS = ("rt", "if", "ct")  # attributes that are lists separated by spaces


def resource_link(resource: Resource) -> Link | None:
    """Return the link of a resource; None for what is looked up by a path and can't be listed."""
    interface = _INTERFACES.get((resource.kind, "PUT" in resource.methods))
    if interface is None:
        return None
    attributes: dict[str, str | None] = {
        "rt": f"piccolo3.{resource.kind.value}",
        "if": interface,
        "ct": "50 60",
        "title": resource.title,
    }
    if resource.observable:
        attributes["obs"] = None
    return "/" + "/".join(quote(segment, safe="-._~+") for segment in resource.path), attributes


def link_format(links: Iterable[Link]) -> bytes:
    """Return the payload of content format 40."""
    return ",".join(_text(path, attributes) for path, attributes in links).encode()


def _text(path: str, attributes: Attributes) -> str:
    parts = [f"<{path}>"]
    for name, value in attributes.items():
        quoted = "" if value is None else '="' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        parts.append(name + quoted)
    return ";".join(parts)


def select(links: Iterable[Link], query: Sequence[str]) -> Iterator[Link]:
    """Yield those that match all filters of a query, e.g. `href=/control/*`, `if=core.a` or `obs`."""
    filters = [condition.partition("=") for condition in query]
    for path, attributes in links:
        if all(_matches(path, attributes, name, value if equals else "*") for name, equals, value in filters):
            yield path, attributes


def _matches(path: str, attributes: Attributes, name: str, pattern: str) -> bool:
    if name == "href":
        values = [path]
    elif name in attributes:
        value = attributes[name] or ""
        values = value.split() if name in _LISTS else [value]
    else:
        return False
    if pattern.endswith("*"):
        return any(value.startswith(pattern[:-1]) for value in values)
    return pattern in values
