"""Write the parts of the documentation that follow from the code: the table of the CoAP tree in coap.md.

Run by `make docs`; a test fails when the table is not up to date.
"""

from __future__ import annotations

import json
from pathlib import Path

from piccolo3.components import Resource, walk
from piccolo3.components.component import Component

__all__ = ["table", "with_table"]

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- tree begin -->\n", "<!-- tree end -->\n"


def _placeholders(root: Component) -> dict[str, str]:
    """Names of this rig, and what stands for them in the table."""
    names = dict.fromkeys(root.children()["spectrometer"].children(), "S_<serial>")
    names |= dict.fromkeys(root.children()["shutter"].children(), "<channel>")
    return names | dict.fromkeys(root.children()["data_dir"].children()["runs"].children(), "<run>")


def _type(schema: dict[str, object] | None) -> str:
    if schema is None:
        return "null"
    kind = schema.get("type", schema.get("description", "any"))
    text = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if "enum" in schema:
        text = ", ".join(json.dumps(value) for value in schema["enum"])  # type: ignore[attr-defined]
    limits = [f"{sign} {schema[key]:g}" for key, sign in (("minimum", ">="), ("maximum", "<=")) if key in schema]
    parts = [text, *limits, *([str(schema["unit"])] if "unit" in schema else [])]
    return ", ".join(parts)


def _row(resource: Resource, path: str) -> str:
    get = _type(resource.type.schema()) if "GET" in resource.methods and resource.type else ""
    if "GET" in resource.methods and not get:
        get = "null"
    arguments = "; ".join(
        f"{a.name}: {_type(a.type.schema())}" + ("" if a.required else f" = {json.dumps(a.default)}")
        for a in resource.arguments
        if resource.kind != "lookup"
    )
    answer = _type(resource.answer.schema()) if resource.answer else ""
    text = resource.title + (f" ({resource.text})" if resource.text else "")
    cells = [
        f"`/{path}`",
        ", ".join(resource.methods),
        "obs" if resource.observable else "",
        get,
        arguments,
        answer,
        text,
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def table(root: Component) -> str:
    """Return the tree as a Markdown table, one row for each resource, names of this rig replaced by what they are."""
    names = _placeholders(root)
    rows: dict[str, str] = {}
    for resource in walk(root, prototypes=False):
        path = "/".join(names.get(part, part) for part in resource.path)
        if resource.kind == "lookup":
            path += f"/<{resource.arguments[0].name}>"
        rows.setdefault(path, _row(resource, path))
    head = (
        "| path | methods | | GET answers | arguments of PUT and POST | their answer | what it is |\n"
        + "|---" * 7
        + "|"
    )
    return "\n".join([head, *rows.values()]) + "\n"


def with_table(text: str, root: Component) -> str:
    """Return the text of coap.md with the table of `root`."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table(root)}\n{END}{after}"
