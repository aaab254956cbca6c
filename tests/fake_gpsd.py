"""A gpsd on loopback that says whatever a test wants."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

HELLO = b'{"class":"VERSION","release":"3.25","rev":"3.25","proto_major":3,"proto_minor":15}\r\n'


def tpv(latitude: float = 55.9, mode: int = 3, **more: object) -> bytes:
    """A report of position; its time is that of the machine unless it says otherwise."""
    report = {"class": "TPV", "device": "/dev/ttyACM0", "mode": mode, "lat": latitude, "lon": -3.2, "altMSL": 60.0}
    time = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({**report, "time": time, "eph": 4.0, "epv": 9.0, **more}).encode() + b"\r\n"


SKY = b'{"class":"SKY","device":"/dev/ttyACM0","uSat":9,"hdop":0.8}\r\n'


class FakeGpsd:
    """As an async context it listens; what is said goes to everybody who watches."""

    port = 0

    def __init__(self, port: int = 0) -> None:
        self._wanted = port
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._watched = asyncio.Event()
        self.connections = 0
        self.requests: list[bytes] = []

    async def __aenter__(self) -> FakeGpsd:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._wanted)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self.hang_up()
        await self._server.wait_closed()

    async def watched(self) -> None:
        """Wait until somebody (else than before) watches."""
        await self._watched.wait()
        self._watched.clear()

    def say(self, *lines: bytes) -> None:
        """Say these, as they are."""
        for writer in self._writers:
            for line in lines:
                writer.write(line)

    async def hang_up(self) -> None:
        """End all connections."""
        writers, self._writers = self._writers, []
        for writer in writers:
            writer.close()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(HELLO)
        try:
            while request := await reader.readline():
                self.requests.append(request)
                self._writers.append(writer)
                self._watched.set()
        except ConnectionError:
            pass
        finally:
            writer.close()
