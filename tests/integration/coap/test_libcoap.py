"""A client that is not ours: libcoap's `coap-client`. It exits with 0 whatever happens, so its output counts."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.integration.coap.toy import Toy, toy_server

COAP_CLIENT = shutil.which("coap-client-notls") or shutil.which("coap-client")

pytestmark = pytest.mark.skipif(COAP_CLIENT is None, reason="there is no coap-client (Debian: libcoap3-bin)")


async def coap(*arguments: str) -> str:
    """Run coap-client and return what it says."""
    assert COAP_CLIENT is not None
    process = await asyncio.create_subprocess_exec(
        COAP_CLIENT, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(20):
        output, _ = await process.communicate()
    return output.decode().strip()


def run(script: Callable[[Toy, str], Awaitable[None]], scheme: str = "coap", host: str = "[::1]") -> None:
    async def main() -> None:
        async with toy_server("::") as toy:
            await script(toy, f"{scheme}://{host}:{toy.port}")

    asyncio.run(main())


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
@pytest.mark.parametrize("host", ["[::1]", "127.0.0.1"])
def test_get_put_post(scheme: str, host: str) -> None:
    async def script(toy: Toy, base: str) -> None:
        assert await coap("-m", "get", f"{base}/control/delay") == "0.5"
        assert await coap("-m", "put", "-e", "[2]", f"{base}/control/delay") == ""
        assert toy.control.seconds == 2
        assert await coap("-m", "put", "-t", "50", "-e", "3", f"{base}/control/delay") == ""
        assert toy.control.seconds == 3
        assert await coap("-m", "post", f"{base}/control/abort") == ""
        assert await coap("-m", "get", f"{base}/control/abort") == "null"
        assert toy.control.calls == [("abort",)] * 2

    run(script, scheme, host)


def test_errors_are_shown_with_their_code_and_body() -> None:
    async def script(toy: Toy, base: str) -> None:
        said = await coap("-m", "get", f"{base}/nothing")
        assert said == '4.04 {"error": "NotFound", "message": "there is no resource nothing"}'
        said = await coap("-m", "put", "-e", "500", f"{base}/control/delay")
        assert said.startswith("4.00 ")
        assert "d: expected a number from 0 to 100 s, not 500" in said
        assert (await coap("-m", "put", "-t", "0", "-e", "5", f"{base}/control/delay")).startswith("4.15 ")
        assert (await coap("-m", "get", "-A", "0", f"{base}/control/delay")).startswith("4.06 ")

    run(script)


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
def test_large_transfers(scheme: str, tmp_path: Path) -> None:
    async def script(toy: Toy, base: str) -> None:
        text = "0123456789" * 6000
        toy.runs.files["r1"]["f"] = text
        received = tmp_path / "received"
        await coap("-m", "get", "-o", str(received), f"{base}/data_dir/runs/r1/spectra/f")
        assert json.loads(received.read_text()) == text
        received.unlink()
        await coap("-m", "put", "-e", '"f"', "-o", str(received), f"{base}/data_dir/runs/r1/spectra")
        assert json.loads(received.read_text()) == text
        sent = tmp_path / "sent"
        sent.write_text(json.dumps(text))
        assert await coap("-m", "put", "-f", str(sent), f"{base}/control/length") == "60000"
        sent.write_text(json.dumps(text * 2))
        assert (await coap("-m", "put", "-f", str(sent), f"{base}/control/length")).startswith("4.13")

    run(script, scheme)


def test_small_blocks() -> None:
    async def script(toy: Toy, base: str) -> None:
        text = "0123456789" * 100
        toy.runs.files["r1"]["f"] = text
        assert json.loads(await coap("-b", "64", "-m", "get", f"{base}/data_dir/runs/r1/spectra/f")) == text
        assert await coap("-b", "64", "-m", "put", "-e", json.dumps(text), f"{base}/control/length") == "1000"

    run(script)


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
def test_observation(scheme: str) -> None:
    async def script(toy: Toy, base: str) -> None:
        assert COAP_CLIENT is not None
        process = await asyncio.create_subprocess_exec(
            COAP_CLIENT, "-s", "1", "-m", "get", f"{base}/control/delay", stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        said = b""
        async with asyncio.timeout(10):
            for number in range(1, 4):
                said += await process.stdout.readexactly(3)
                await toy.control.set_delay(number)
            said += await process.stdout.read()
            await process.wait()
        assert said.strip() == b"0.51.02.03.0"

    run(script, scheme)


def test_discovery() -> None:
    async def script(toy: Toy, base: str) -> None:
        said = await coap("-m", "get", f"{base}/.well-known/core")
        assert said.startswith('</.well-known/core>;ct="40",')
        assert '</control/delay>;rt="piccolo3.value";if="core.p";ct="50 60";title="pause between sequences";obs' in said

    run(script)
