"""Write the parts of the documentation that follow from the code.

They are the table of the CoAP tree in coap.md, the tables of the catalogue, of the schedule and of housekeeping, and
pictures. Run by `make docs`; tests fail when the tables are not up to date.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from pathlib import Path

from docs import client_api, housekeeping, scheduling, timing
from piccolo3 import config
from piccolo3.clock import SystemClock
from piccolo3.components import Component, Resource, walk
from piccolo3.server.application import Application
from piccolo3.store.catalogue import reference as catalogue
from piccolo3.store.schedule import reference as schedule
from soak.ports import free_port

__all__ = ["coap_md", "main"]

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- tree begin -->\n", "<!-- tree end -->\n"


def _placeholders(root: Component) -> dict[str, str]:
    """Names of this rig, and what stands for them in the table."""
    names = dict.fromkeys(root.children()["spectrometer"].children(), "S_<serial>")
    return names | dict.fromkeys(root.children()["shutter"].children(), "<channel>")


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
    for resource in walk(root, prototypes=True):
        path = "/".join(names.get(part, part) for part in resource.path)
        if resource.item_argument is not None:
            path += f"/<{resource.item_argument.name}>"
        rows.setdefault(path, _row(resource, path))
    head = (
        "| path | methods | | GET answers | arguments of PUT and POST | their answer | what it is |\n"
        + "|---" * 7
        + "|"
    )
    return "\n".join([head, *rows.values()]) + "\n"


async def coap_md() -> str:
    """Return the text of coap.md with the table of the demo rig, which is started for that on a free port."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "pdata" / "piccolo.config", folder)
        overrides: dict[tuple[str, ...], object] = {
            ("datadir", "datadir"): folder,
            ("coap", "address"): "::1",
            ("coap", "port"): free_port(),
        }
        async with Application(config.load(None, overrides), SystemClock()) as application:
            generated = table(application.root)
    before, rest = (ROOT / "coap.md").read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{generated}\n{END}{after}"


def main() -> None:
    """Write coap.md, the tables of databases and of housekeeping, and the picture of a sequence."""
    text = asyncio.run(coap_md())
    (ROOT / "coap.md").write_text(text, encoding="utf-8")
    (ROOT / "docs" / "reference" / "catalogue.md").write_text(catalogue.reference(), encoding="utf-8")
    (ROOT / "docs" / "reference" / "schedule.md").write_text(schedule.reference(), encoding="utf-8")
    (ROOT / "docs" / "reference" / "housekeeping.md").write_text(housekeeping.page(), encoding="utf-8")
    (ROOT / "docs" / "reference" / "scheduling.md").write_text(scheduling.page(), encoding="utf-8")
    (ROOT / "docs" / "reference" / "client.md").write_text(client_api.page(), encoding="utf-8")
    (client_api.PACKAGE / "sync.pyi").write_text(client_api.stub(), encoding="utf-8")
    timing.main()


if __name__ == "__main__":
    main()
