"""`shutter`: the shutters, one for each channel."""

from __future__ import annotations

from collections.abc import Mapping

from piccolo3.components.arguments import Argument
from piccolo3.components.component import Component
from piccolo3.components.datatypes import Boolean, Integer, ListOf, Nullable, Number, Text, Truth
from piccolo3.components.declaration import command, value
from piccolo3.errors import Busy, Conflict
from piccolo3.events import Broker
from piccolo3.recording import Recorder
from piccolo3.status import ShutterStatus
from piccolo3.workers import CountedShutter, ShutterChanged, ShutterWorker

__all__ = ["Shutters"]


class Shutters(Component):
    """All shutters."""

    def __init__(
        self,
        shutters: Mapping[str, ShutterWorker],
        operations: Mapping[str, CountedShutter],
        recorder: Recorder,
        broker: Broker,
    ) -> None:
        children = [_Shutter(shutters[name], operations[name], recorder, broker) for name in sorted(shutters)]
        super().__init__("shutter", title="the shutters", children=children)

    @value(ListOf(Text(max_length=64)), title="names of the shutters")
    def shutters(self) -> list[str]:
        """Return the names, sorted."""
        return list(self.children())


class _Shutter(Component):
    """The shutter of one channel."""

    def __init__(self, shutter: ShutterWorker, counted: CountedShutter, recorder: Recorder, broker: Broker) -> None:
        super().__init__(shutter.direction, title=f"the shutter of the {shutter.direction} fibre")
        self._counted = counted
        self._shutter = shutter
        self._recorder = recorder
        broker.subscribe(ShutterChanged, self._changed)

    def _changed(self, event: ShutterChanged) -> None:
        if event.direction == self.name:
            self.announce("status")

    @value(Number(minimum=0, unit="µm"), title="diameter of the fibre (for the record)")
    def fibre_diameter(self) -> float:
        """Return the diameter as configured."""
        return self._shutter.config.fibre_diameter

    @value(Boolean(), title="whether the pins for open and close are swapped")
    def reverse(self) -> bool:
        """Return the option as configured."""
        return self._shutter.config.reverse

    @value(Text(enum=tuple(ShutterStatus)), title="where the shutter is", observable=True)
    def status(self) -> str:
        """Return open or closed, or unavailable where it could not be moved."""
        return self._shutter.status

    @value(Nullable(Text(max_length=1024)), title="why the shutter could not be moved")
    def reason(self) -> str | None:
        """Return the reason, None if the last move has succeeded."""
        return self._counted.reason and self._counted.reason[:1024]

    @value(Integer(minimum=0), title="how often the shutter has moved in its life")
    def operations(self) -> int:
        """Return the number of moves, of earlier runs of the program, too."""
        return self._counted.operations

    @command(Argument("sopen", Truth(), default=True, text="false closes"), title="open the shutter")
    async def open_shutter(self, sopen: bool) -> None:
        """Open (or close) the shutter; Conflict if it is there already, Busy while a batch is recorded."""
        await self._move(ShutterStatus.OPEN if sopen else ShutterStatus.CLOSED)

    @command(Argument("sclose", Truth(), default=True, text="false opens"), title="close the shutter")
    async def close_shutter(self, sclose: bool) -> None:
        """Close (or open) the shutter; Conflict if it is there already, Busy while a batch is recorded."""
        await self._move(ShutterStatus.CLOSED if sclose else ShutterStatus.OPEN)

    async def _move(self, wanted: ShutterStatus) -> None:
        if self._recorder.busy:
            raise Busy("piccolo system is busy: the shutters belong to the batch that is recorded")
        if self._shutter.status == wanted:
            raise Conflict(f"shutter already {wanted}")
        await (self._shutter.open() if wanted is ShutterStatus.OPEN else self._shutter.close())
