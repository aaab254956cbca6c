"""A small CoAP server with the tree of a rig, to test clients against."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import aiocoap
import aiocoap.resource
import pytest

from piccolo3.errors import Busy, NotBusy, NotFound, PiccoloError
from piccolo3.wire import JsonValue, arguments, body_of, code_of, decode, encode
from soak.ports import free_port

Segments = tuple[str, ...]
Setter = Callable[..., JsonValue]


class Value(aiocoap.resource.ObservableResource):  # type: ignore[misc]
    """One resource; None as value means 4.05 for GET."""

    def __init__(self, rig: FakeRig, path: Segments) -> None:
        super().__init__()
        self.rig = rig
        self.path = path

    async def add_observation(self, request: aiocoap.Message, serverobservation: object) -> None:
        if self.path in self.rig.observable:
            await super().add_observation(request, serverobservation)

    async def render_get(self, request: aiocoap.Message) -> aiocoap.Message:
        if self.rig.delay_answers:
            await asyncio.sleep(self.rig.delay_answers)
        if self.rig.old and self.path in self.rig.actions and self.path not in self.rig.values:
            return self._do(lambda: self.rig.actions[self.path]())
        if self.path not in self.rig.values:
            return aiocoap.Message(code=aiocoap.METHOD_NOT_ALLOWED)
        return aiocoap.Message(payload=encode(self.rig.values[self.path]), content_format=50)

    async def render_put(self, request: aiocoap.Message) -> aiocoap.Message:
        args, kwargs = arguments(decode(request.payload, request.opt.content_format))
        self.rig.calls.append(("/".join(self.path), request.payload.decode()))
        action = self.rig.actions.get(self.path)
        if action is None or (self.rig.old and not args and not kwargs and self.path[-1] in ("abort", "pause")):
            return aiocoap.Message(code=aiocoap.METHOD_NOT_ALLOWED)
        return self._do(lambda: action(*args, **kwargs))

    render_post = render_put

    def _do(self, action: Callable[[], JsonValue]) -> aiocoap.Message:
        try:
            result = action()
        except PiccoloError as problem:
            if self.rig.old:
                return aiocoap.Message(code=aiocoap.BAD_REQUEST, payload=str(problem).encode())
            code = aiocoap.numbers.codes.Code(code_of(problem))
            return aiocoap.Message(code=code, payload=encode(body_of(problem)), content_format=50)
        payload = b"" if result is None else encode(result)
        return aiocoap.Message(code=aiocoap.CHANGED, payload=payload)


@dataclass
class FakeRig:
    """Two spectrometers, two channels, one batch at a time; `old` behaves like servers from before 0.6."""

    old: bool = False
    port: int = field(default_factory=free_port)
    step: float = 0.005  # s for each step of a batch
    hold: bool = False  # a batch does not go on
    delay_answers: float = 0.0  # s before a GET is answered
    values: dict[Segments, JsonValue] = field(default_factory=dict)
    actions: dict[Segments, Setter] = field(default_factory=dict)
    observable: set[Segments] = field(default_factory=set)
    calls: list[tuple[str, str]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    outcome: JsonValue = None
    result: tuple[str, str | None, tuple[str, ...]] = ("complete", None, ())

    def __post_init__(self) -> None:
        self.going = asyncio.Event()
        if not self.hold:
            self.going.set()
        self._resources: dict[Segments, Value] = {}
        self._batch: asyncio.Task[None] | None = None
        self._context: aiocoap.Context | None = None
        self._site = aiocoap.resource.Site()
        self._define()

    @property
    def url(self) -> str:
        return f"coap://[::1]:{self.port}"

    # --- the tree

    def _define(self) -> None:
        self._value("sysinfo/version", "0.6.0")
        self._value("sysinfo/host", "rig")
        self._value("sysinfo/cpu", 1.5)
        self._value("sysinfo/mem", 12)
        self._value("sysinfo/clock", "2026-11-21T00:10:16.113751+00:00")
        self._value("data_dir/current_run", "spectra", observable=True, settable=True)
        self._value("data_dir/datadir", "/data")
        self._action("data_dir/all_runs", lambda: ["a run", "spectra"])
        self._value("data_dir/runs/a run/spectra_list", ["b000000_s000000_light.pico"])
        self._value("data_dir/runs/a run/current_batch", 0)
        self._action("data_dir/runs/a run/spectra", self._file)
        self._value("spectrometer/spectrometers", ["S_dummy_A", "S_dummy_B"])
        self._value("spectrometer/channels", ["downwelling", "upwelling"])
        for name in ("S_dummy_A", "S_dummy_B"):
            base = f"spectrometer/{name}"
            self._value(f"{base}/status", 6, observable=True)
            self._value(f"{base}/min_time", 0, observable=True, settable=True)
            self._value(f"{base}/max_time", 10000, observable=True, settable=True)
            for channel in ("downwelling", "upwelling"):
                self._value(f"{base}/current_time/{channel}", 0, observable=True, settable=True)
                self._value(f"{base}/autointegration/{channel}", "n", observable=True)
        for name, value in (("numSequences", 1), ("autointegration", -1), ("delay", 0.0), ("target", 80.0)):
            self._value(f"control/{name}", value, observable=True, settable=True)
        self._value("control/status", "idle", observable=True)
        self._value("control/current_sequence", -1)
        if not self.old:
            self._value("control/outcome", None, observable=True)
            self._value("control/flags", {"flags": {"S_dummy_A": {"downwelling": [], "upwelling": ["WEAK_SIGNAL"]}}})
            self._value("control/progress", self._progress(0, 0, "idle", -1), observable=True)
        self._action("control/record_sequence", self._record)
        self._action("control/auto", lambda target=None: self._record(nsequence=2))
        self._action("control/record_dark", lambda run=None: self._record(run=run, nsequence=1))
        self._action("control/abort", self._abort)
        self._action("control/pause", self._pause)

    def _resource(self, path: str) -> Segments:
        segments = tuple(path.split("/"))
        if segments not in self._resources:
            self._resources[segments] = Value(self, segments)
            self._site.add_resource(segments, self._resources[segments])
        return segments

    def _value(self, path: str, value: JsonValue, *, observable: bool = False, settable: bool = False) -> None:
        segments = self._resource(path)
        self.values[segments] = value
        if observable:
            self.observable.add(segments)
        if settable:
            self.actions[segments] = lambda new: self.set(path, new)

    def _action(self, path: str, action: Setter) -> None:
        self.actions[self._resource(path)] = action

    def set(self, path: str, value: JsonValue) -> None:
        """Change a value and tell the observers."""
        segments = tuple(path.split("/"))
        self.values[segments] = value
        self._resources[segments].updated_state()

    def add_file(self, name: str, text: str) -> None:
        """Put a file into the run."""
        self.files[name] = text
        if not self.old:
            self._value(f"data_dir/runs/a run/spectra/{name}", text)

    def _file(self, name: str) -> JsonValue:
        if name not in self.files:
            raise NotFound(f"there is no file {name}")
        return self.files[name]

    # --- batches

    @staticmethod
    def _progress(step: int, steps: int, phase: str, sequence: int, error: str | None = None) -> JsonValue:
        return {
            "run": "spectra",
            "batch": 7,
            "sequence": sequence,
            "sequences": steps,
            "channel": "downwelling",
            "phase": phase,
            "step": step,
            "steps": steps,
            "last_error": error,
        }

    def _record(self, run: str | None = None, nsequence: int | None = None, **more: JsonValue) -> JsonValue:
        if more.get("at_time") is not None:
            raise NotFound("the scheduler is not available")
        if self._batch is not None and not self._batch.done():
            raise Busy("piccolo system is busy")
        if nsequence is not None:
            self.set("control/numSequences", nsequence)
        self.set("control/status", "downwelling dark")
        self._batch = asyncio.get_running_loop().create_task(self._run())
        return None

    async def _run(self) -> None:
        steps = int(str(self.values[("control", "numSequences")]))
        result, reason, lost = self.result
        try:
            for sequence in range(steps):
                await self.going.wait()
                self.values[("control", "current_sequence")] = sequence
                if not self.old:
                    error = lost[0] if lost else None
                    self.set("control/progress", self._progress(sequence, steps, "light", sequence, error))
                self.set("control/status", "downwelling light")
                await asyncio.sleep(self.step)
                self.set("control/status", "waiting")
                await asyncio.sleep(self.step)
        except asyncio.CancelledError:
            result, reason = "aborted", "asked for"
        if not self.old:
            outcome: dict[str, JsonValue] = {
                "run": "spectra",
                "batch": 7,
                "kind": "record",
                "result": result,
                "reason": reason,
            }
            count = [call for call, _ in self.calls].count("control/record_sequence")
            started = f"2026-11-21T00:00:{count:02}+00:00"
            ended = "2026-11-21T00:01:00+00:00"
            self.set(
                "control/outcome", outcome | {"lost": lost, "sequences_done": 3, "started": started, "ended": ended}
            )
        self.set("control/status", "idle")

    def _abort(self) -> JsonValue:
        if self._batch is None or self._batch.done():
            raise NotBusy("piccolo system is not busy")
        self._batch.cancel()
        return None

    def _pause(self) -> JsonValue:
        if self.going.is_set():
            self.going.clear()
        else:
            self.going.set()
        return None

    # --- life

    async def start(self, transports: tuple[str, ...] = ("udp6", "tcpserver"), host: str = "::1") -> None:
        self._context = await aiocoap.Context.create_server_context(
            self._site, bind=(host, self.port), transports=list(transports)
        )

    async def stop(self) -> None:
        context, self._context = self._context, None
        if context is not None:
            await context.shutdown()
        if self._batch is not None:
            self._batch.cancel()
            await asyncio.gather(self._batch, return_exceptions=True)

    async def __aenter__(self) -> FakeRig:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    @contextmanager
    def in_thread(self) -> Iterator[FakeRig]:
        """Run in a thread with a loop of its own, for clients that have theirs."""
        ready = threading.Event()
        loop = asyncio.new_event_loop()
        end = asyncio.Event()

        async def serve() -> None:
            async with self:
                ready.set()
                await end.wait()

        def run() -> None:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(serve())

        thread = threading.Thread(target=run, name="fake rig")
        thread.start()
        try:
            assert ready.wait(5)
            yield self
        finally:
            loop.call_soon_threadsafe(end.set)
            thread.join(5)


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Undo what the console scripts do to logging."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    levels = {name: logging.getLogger(name).level for name in ("coap", "asyncio", "matplotlib")}
    yield
    root.handlers = handlers
    root.setLevel(level)
    for name, value in levels.items():
        logging.getLogger(name).setLevel(value)


@pytest.fixture
def fake() -> type[FakeRig]:
    """The class, because importlib mode has no module to import it from."""
    return FakeRig


@pytest.fixture
def unused_port() -> int:
    return free_port()


@pytest.fixture
def pico_text() -> str:
    """A small file."""
    metadata = {"SerialNumber": "dummy_A", "Direction": "upwelling", "Dark": False, "IntegrationTime": 10}
    metadata |= {"Datetime": "2026-11-21T00:10:16.761883+0000", "SequenceNumber": 0, "SaturationLevel": 200}
    metadata |= {"WavelengthCalibrationCoefficients": [400.0, 1.0, 0.0, 0.0], "Type": "light"}
    return json.dumps({"Spectra": [{"Metadata": metadata, "Pixels": list(range(100))}]})
