from __future__ import annotations

import ast
import re
from pathlib import Path

import piccolo3

ROOT = Path(piccolo3.__file__).parent
OWNERS = {
    "alembic": {"store"},
    "aiocoap": {"coap", "client"},
    "astral": {"scheduling"},
    "cbor2": {"wire"},
    "configobj": {"config"},
    "cronsim": {"scheduling"},
    "daemon": {"server"},
    "dateutil": {"wire"},
    "gpiozero": {"pins"},
    "jinja2": {"web"},
    "matplotlib": {"cli", "data"},
    "netCDF4": {"data"},
    "rich": {"cli", "data", "panel", "season"},
    "seabreeze": {"devices"},
    "sqlalchemy": {"store"},
    "starlette": {"web"},
    "threading": {"clock.py", "workers", "devices", "pins", "season", "client/blocking.py"},
    "queue": {"workers"},
    "usb": {"devices"},
    "uvicorn": {"web"},
}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def test_every_dependency_has_its_owner() -> None:
    strangers = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in ROOT.rglob("*.py")
        for name in imports(path) & OWNERS.keys()
        if not {path.relative_to(ROOT).parts[0], str(path.relative_to(ROOT))} & OWNERS[name]
    ]
    assert not strangers


def test_only_the_clock_asks_for_the_time() -> None:
    asking = re.compile(r"(?<![\w.])(time\.(time|monotonic)|datetime\.(now|utcnow))\(")
    asked = [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if path.name != "clock.py" and path.parent.name != "pins" and asking.search(path.read_text(encoding="utf-8"))
    ]
    assert not asked
