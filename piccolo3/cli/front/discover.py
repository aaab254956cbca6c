"""`piccolo discover`: rigs in the local network."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from dataclasses import asdict

from piccolo3.cli import logs
from piccolo3.client.discover import discover

__all__ = ["run"]


def run(options: Namespace) -> int:
    """List what was found; 1 if that is nothing."""
    logs.setup(bool(options.debug))
    found = asyncio.run(discover(min(60.0, max(0.2, options.wait)), options.port))
    for one in found:
        if options.json:
            sys.stdout.write(json.dumps({"rig": one.url, **asdict(one)}) + "\n")
        else:
            said = f"  {one.host}, piccolo3 {one.version}" if one.host is not None else ""
            sys.stdout.write(f"{one.url}{said}\n")
    if not found:
        sys.stderr.write("piccolo: no rig has answered; only those with discoverable = True in [coap] do\n")
    return int(not found)
