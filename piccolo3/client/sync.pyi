"""Types of `piccolo3.client.sync`; written by `make docs` from the asynchronous client."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, time
from os import PathLike
from types import TracebackType
from typing import Generic, Self, TypeVar, Unpack

from piccolo3.client import catalogue
from piccolo3.client.batch import Outcome, Progress
from piccolo3.client.connection import Path
from piccolo3.client.link import LinkChange
from piccolo3.client.mirror import Copied, Synced
from piccolo3.client.plan import Plan, PlanOptions
from piccolo3.client.result import Result
from piccolo3.client.schedule import ComingStart, Halt, Job, JobOptions, JobRun, NewJobOptions, When
from piccolo3.client.tree import Described
from piccolo3.spectrum.spectra_list import SpectraList
from piccolo3.spectrum.spectrum import Spectrum
from piccolo3.status import AutointegrationState, ShutterStatus, SpectrometerStatus
from piccolo3.wire import JsonValue

__all__ = [
    "Batch",
    "Changes",
    "ChannelSettings",
    "ChannelValues",
    "Control",
    "DataDirectory",
    "Mirror",
    "Piccolo",
    "Reading",
    "Run",
    "Schedule",
    "Setting",
    "Shutter",
    "Shutters",
    "Spectrometer",
    "Spectrometers",
    "Sysinfo",
    "Tree",
    "Value",
]

T = TypeVar("T")

class Piccolo:
    """A server and everything behind it."""
    def __init__(
        self,
        url: str = "coap://localhost",
        timeout: float | None = None,
        on_link: Callable[[LinkChange], None] | None = None,
        link: str = "normal",
    ) -> None: ...
    control: Control
    schedule: Schedule
    spectrometers: Spectrometers
    shutters: Shutters
    data_dir: DataDirectory
    sysinfo: Sysinfo
    url: str
    def close(self) -> None:
        """End the connection; what the server does goes on."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    @property
    def connected(self) -> bool:
        """Whether the server has answered when it was asked last; looked after while anything is observed."""
    def tree(self) -> Tree:
        """Everything that the server has, as it describes itself; some 40 kB, read once for each time it was started.

        NotFound at servers from before 0.6, which don't.
        """
    def get(self, path: Path) -> JsonValue:
        """The value of a resource; `path` like "control/status", or its segments."""
    def put(self, path: Path, *args: JsonValue, **kwargs: JsonValue) -> JsonValue:
        """Set a value or call an action with these arguments; what the server returns (mostly None)."""
    def post(self, path: Path, *args: JsonValue, **kwargs: JsonValue) -> JsonValue:
        """Call an action with these arguments; what the server returns (mostly None)."""
    def observe(self, path: Path) -> Changes[JsonValue]:
        """The value of a resource and then its changes, as an async iterator; ConnectionFailed if the server goes.

        `observe` of a value, such as `rig.control.status.observe()`, goes on instead when the server is back.
        """

class Control:
    """Starts, watches and ends batches; refusals by the server are raised as its typed errors."""
    @property
    def status(self) -> Value[str]:
        """`idle`, or what is being done."""
    @property
    def current_sequence(self) -> Value[int]:
        """Number of the last light sequence, counted from 0; -1 before the first."""
    @property
    def progress(self) -> Value[Progress]:
        """Where the batch is."""
    @property
    def outcome(self) -> Value[Outcome | None]:
        """How the last batch ended, None if there was none yet."""
    @property
    def num_sequences(self) -> Setting[int]:
        """Number of sequences of a batch, from 1."""
    @property
    def autointegration(self) -> Setting[int]:
        """When to integrate automatically: -1 never, 0 before the first sequence, n before every n-th."""
    @property
    def delay(self) -> Setting[float]:
        """Time between sequences in s."""
    @property
    def target(self) -> Setting[float]:
        """Where automatic integration puts the peak, in percent of saturation."""
    @property
    def mode(self) -> Setting[str]:
        """Which darks and lights make a sequence: classic, dark_each or deled."""
    @property
    def averages(self) -> Setting[int]:
        """Number of exposures that are averaged to a spectrum."""
    @property
    def trigger(self) -> Value[Mapping[str, JsonValue]]:
        """Triggers from outside: `seen`, `missed`, `last` and `reason`."""
    @property
    def quality(self) -> Value[Mapping[str, JsonValue]]:
        """Quality flags of the last sequence, with its run, batch and number."""
    def record_sequence(
        self,
        run: str | None = None,
        *,
        sequences: int | None = None,
        auto: int | None = None,
        delay: float | None = None,
        target: float | None = None,
        at_time: str | None = None,
        interval: float | None = None,
        end_time: str | None = None,
        mode: str | None = None,
        averages: int | None = None,
        burst: bool | None = None,
        triggered: bool | None = None,
        recipe: str | None = None,
    ) -> Batch:
        """Start a batch of `sequences`; None keeps the server's setting. Busy if something is running.

        Returns as soon as it has begun; the batch goes on at the server, whatever becomes of the client.

        `auto`: -1 never integrates automatically, 0 once before the first sequence, n before every n-th; `delay`
        between sequences in s; `target` of automatic integration in percent of saturation. `at_time`, `end_time`
        (ISO 8601 with offset) and `interval` (s) are for batches that start later. `mode` is classic, dark_each or
        deled, `averages` exposures make a spectrum, `burst` is as fast as the detectors allow, and `triggered` lets
        each sequence wait for a trigger; `recipe` is the name of one of `recipes`, of which that counts which is not
        given. Servers from before 0.6 don't have these five.
        """
    def plan(self, **wanted: Unpack[PlanOptions]) -> Plan:
        """What would become of a batch, without doing it; takes what `record_sequence` takes, all by name."""
    def recipes(self) -> dict[str, Mapping[str, JsonValue]]:
        """What the recipes say, by name; with what they leave open as it is set."""
    def record_dark(self, run: str | None = None) -> Batch:
        """Start a batch of one dark sequence."""
    def auto(self, target: float | None = None) -> Batch:
        """Find integration times that bring the peak to `target` percent of saturation (None: the server's)."""
    def pause(self) -> None:
        """Pause the batch, or go on with a paused one. NotBusy if there is none."""
    def abort(self) -> None:
        """End the batch; returns when that is under way. NotBusy if there is none."""
    def make_safe(self) -> None:
        """Abort whatever is under way and close all shutters, also when nothing is recorded."""
    def flags(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Quality flags of the last sequence, by name of the spectrometer and channel."""
    def sequences(self) -> int:
        """Number of sequences of a batch."""
    def set_sequences(self, sequences: int) -> None:
        """Set the number of sequences, from 1."""
    def set_autointegration(self, auto: int) -> None:
        """Set when to integrate automatically."""
    def set_delay(self, delay: float) -> None:
        """Set the time between sequences in s."""
    def set_target(self, target: float) -> None:
        """Set the target of automatic integration, in percent of saturation."""

class Batch:
    """What was started at the server, where it goes on without us: nothing here ends it but `abort`."""
    @property
    def progress(self) -> Iterator[Progress]:
        """Where it is, until it ends; also through restarts of the network."""
    def outcome(self, timeout: float | None = None) -> Outcome:
        """Wait until it ends; how it ended. TimedOut after `timeout` seconds (None: never), and it goes on."""
    def result(self, timeout: float | None = None) -> Result:
        """Wait until it ends; what it has recorded. BatchFailed where it failed, TimedOut as of `outcome`.

        An aborted batch gives what it has recorded until then; so does `spectra` for one that failed.
        """
    def spectra(self) -> Result:
        """What it has recorded so far."""
    def abort(self) -> None:
        """End it. NotBusy if it has ended already."""
    run: str | None
    number: int | None
    scheduled: bool

class Schedule:
    """Jobs of a server; refusals are raised as its typed errors, NotFound for the number of a job that is not there."""
    @property
    def enabled(self) -> Setting[bool]:
        """Whether jobs are started at all; `make_safe` ends that."""
    @property
    def halt(self) -> Value[Halt | None]:
        """Why they are not, None if they are."""
    @property
    def coming(self) -> Value[tuple[ComingStart, ...]]:
        """The next few starts; see `next`."""
    @property
    def last_run(self) -> Value[JobRun | None]:
        """The run that began or ended last, None if there was none since the server was started."""
    @property
    def quiet_enabled(self) -> Setting[bool]:
        """Whether jobs rest in the quiet time."""
    @property
    def quiet_start(self) -> Setting[time]:
        """When the quiet time begins, aware."""
    @property
    def quiet_end(self) -> Setting[time]:
        """When the quiet time ends, aware; it goes over midnight if that is before its begin."""
    @property
    def power_off_enabled(self) -> Setting[bool]:
        """Whether spectrometers that have a power switch are off in the quiet time."""
    @property
    def power_delay(self) -> Setting[float]:
        """How long (s) after the begin of the quiet time they go off, and before its end on at the latest."""
    def jobs(self) -> Iterator[Job]:
        """All that are active or suspended, by their numbers."""
    def job(self, number: int) -> Job:
        """One of them."""
    def add(self, when: When, **wanted: Unpack[NewJobOptions]) -> Job:
        """Make a job; the same twice is one. Conflict where there are too many.

        It does a batch, or the `task` dark, auto, power_on, power_off. `recipe`, `run`, `sequences`, `auto`, `delay`,
        `target`, `mode`, `averages`, `burst` and `triggered` are those of a batch, with what is set now where they are
        None; `name` and `description` are for people; what was due longer ago than `grace` (s) is skipped; with
        `ignore_quiet_time` it is done in the quiet time, too.
        """
    def edit(self, number: int, when: When | None = None, **wanted: Unpack[JobOptions]) -> Job:
        """Change what is not None; takes what `add` takes, but for the task."""
    def suspend(self, number: int) -> None:
        """Start a job no more, until `unsuspend`."""
    def unsuspend(self, number: int) -> None:
        """Start it again, from its next time on."""
    def delete(self, number: int) -> None:
        """Delete a job; what it is doing is done to its end."""
    def run_now(self, number: int) -> JobRun:
        """Start it now, beside its times; returns when it has begun. Busy while something is being done."""
    def runs(self, number: int | None = None, limit: int | None = None) -> Iterator[JobRun]:
        """What came of the times at which a job (None: any) was due, the last first; `limit` (None: all) of them."""
    def next(self, count: int = 20) -> tuple[ComingStart, ...]:
        """The coming starts of all jobs, at most 1000; what falls into one quiet time is told once for each."""

class DataDirectory:
    """The data directory of a server."""
    def run(self, name: str) -> Run:
        """A run; whether there is such a one is seen when it is asked for something."""
    def runs(self) -> tuple[str, ...]:
        """Names of all runs."""
    def current_run(self) -> Run:
        """The run that is recorded into."""
    def set_current_run(self, name: str) -> None:
        """Record into another run, which is made if necessary."""
    def path(self) -> str:
        """Where it is on the server's disk, an absolute path."""
    def latest(self) -> catalogue.Latest | None:
        """What was stored last, in short; None if nothing ever was. `Piccolo.observe("data_dir/latest")` follows it."""
    def latest_spectrum(self, serial_number: str, channel: str, *, dark: bool = False) -> Spectrum:
        """The last spectrum of a spectrometer and channel. NotFound if there is none."""
    def spectrum(self, spectrum_id: int) -> Spectrum:
        """A spectrum that `query` has found."""
    def query(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        run: str | None = None,
        batch: int | None = None,
        serial_number: str | None = None,
        direction: str | None = None,
        dark: bool | None = None,
        any_flags: Sequence[str] | None = None,
        no_flags: Sequence[str] | None = None,
        order: str = "time",
        page: int = 50,
    ) -> Iterator[catalogue.SpectrumInfo]:
        """Spectra, newest first, fetched a page at a time while more are taken.

        Exposures from `since` to before `until`; what is None does not matter. A `batch` needs a `run`. Of `any_flags`
        (names) a spectrum has one at least, of `no_flags` none. `order` is time, or recorded: as they came.
        """
    def batches(self, run: str | None = None, *, page: int = 20) -> Iterator[catalogue.BatchInfo]:
        """Batches, the last begun first, fetched a page at a time while more are taken."""
    def troubled(self, run: str | None = None, *, page: int = 50) -> Iterator[Mapping[str, JsonValue]]:
        """Files that are missing, damaged or not what was written: their run, name, size, state and problem."""
    def events(
        self, since: datetime | None = None, until: datetime | None = None, *, page: int = 50
    ) -> Iterator[Mapping[str, JsonValue]]:
        """What has happened, newest first: time, level, kind, source, message and details."""
    def housekeeping(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        names: Sequence[str] | None = None,
        page: int = 50,
    ) -> Iterator[tuple[datetime, Mapping[str, JsonValue]]]:
        """What housekeeping has measured, newest first: when, and values by the name of the quantity.

        Of quantities that there are several of, such as `detector_temperature`, the name means all.
        """
    def check(self) -> Mapping[str, JsonValue]:
        """How the check of the files against the catalogue stands: state, done, total, what was found."""
    def check_again(self, *, deep: bool = False) -> None:
        """Have the files checked once more; `deep` also reads those that look unchanged."""
    def sync(
        self,
        folder: PathLike[str] | str,
        runs: Sequence[str] = (),
        *,
        rate: float | None = None,
        on_file: Callable[[Copied], None] | None = None,
    ) -> Synced:
        """Bring a local copy of all files up to date, or of those of these runs: what is there is not sent again.

        Each file is compared with the rig's SHA-256 and is in `folder`/<run> whole or not at all, so that this can be
        ended at any moment and goes on where it was. Nothing is ever deleted. `rate` is the most that may come, in
        bytes per second on average. Busy while another program does it, Unavailable where the folder can't be written.
        """

class Run:
    """One run, a directory of files."""
    def files(self) -> tuple[str, ...]:
        """Names of the files, the latest first."""
    def current_batch(self) -> int:
        """Number of the last batch, -1 if there is none."""
    def read(self, file: str) -> str:
        """The text of a file. NotFound if there is no such file."""
    def spectra(self, file: str) -> SpectraList:
        """The spectra in a file. NotFound if there is no such file."""
    name: str

class Spectrometers:
    """All spectrometers, by name ("S_" and the serial number) or serial number."""
    def __getitem__(self, name: str) -> Spectrometer:
        """One of them; whether there is such a one is seen when it is asked for something."""
    def names(self) -> tuple[str, ...]:
        """Names, sorted."""
    def channels(self) -> tuple[str, ...]:
        """Names of the channels, sorted."""
    def all(self) -> tuple[Spectrometer, ...]:
        """All of them, sorted by name."""

class Spectrometer:
    """One spectrometer; times are integration times in ms, temperatures in degrees C."""
    @property
    def status(self) -> Value[SpectrometerStatus]:
        """Its state."""
    @property
    def reason(self) -> Reading[str | None]:
        """Why it can't be used, None if it can."""
    @property
    def info(self) -> Reading[Mapping[str, JsonValue] | None]:
        """Model, firmware, number of pixels and limits; None until it was connected."""
    @property
    def min_time(self) -> Setting[float]:
        """Shortest integration time that may be set."""
    @property
    def max_time(self) -> Setting[float]:
        """Longest integration time that may be set."""
    @property
    def current_time(self) -> ChannelSettings[float]:
        """Integration time of the next exposure of a channel."""
    @property
    def autointegration(self) -> ChannelValues[AutointegrationState]:
        """Result of the last automatic integration of a channel."""
    @property
    def achieved(self) -> ChannelValues[float | None]:
        """Peak that automatic integration achieved for a channel, in percent of saturation; None where there was none."""
    @property
    def cooler(self) -> Reading[Mapping[str, JsonValue]]:
        """What the cooler does: `enabled`, `target`, `temperature`, `age` (s) and `settled`."""
    @property
    def has_cooler(self) -> Reading[bool | None]:
        """Whether there is a cooler, None as long as it is not known."""
    @property
    def cooler_enabled(self) -> Setting[bool]:
        """Whether the cooler is on."""
    @property
    def target_temperature(self) -> Setting[float]:
        """Temperature that the cooler aims at."""
    @property
    def temperature(self) -> Reading[float]:
        """Temperature of the detector. NotFound where it is not known."""
    @property
    def serial_number(self) -> str:
        """The name without its prefix."""
    def set_min_time(self, time: float) -> None:
        """Set the shortest integration time."""
    def set_max_time(self, time: float) -> None:
        """Set the longest integration time."""
    def set_current_time(self, channel: str, time: float) -> None:
        """Set the integration time of the next exposures."""
    def connect(self) -> None:
        """Connect, in the background. Conflict in the wrong state."""
    def disconnect(self) -> None:
        """Disconnect. Conflict in the wrong state, Busy while a batch is recorded."""
    def power_on(self) -> None:
        """Switch it on and connect. Conflict in the wrong state."""
    def power_off(self) -> None:
        """Disconnect and switch it off. Conflict in the wrong state, Busy while a batch is recorded."""
    name: str

class Shutters:
    """All shutters, by the name of their channel."""
    def __getitem__(self, direction: str) -> Shutter:
        """One of them; whether there is such a one is seen when it is asked for something."""
    def names(self) -> tuple[str, ...]:
        """Names of the channels, sorted."""
    def all(self) -> tuple[Shutter, ...]:
        """All of them, sorted by name."""

class Shutter:
    """One shutter."""
    @property
    def status(self) -> Reading[ShutterStatus]:
        """Open or closed, or what else is known of it."""
    @property
    def fibre_diameter(self) -> Reading[float]:
        """Diameter of the fibre in µm."""
    @property
    def reverse(self) -> Reading[bool]:
        """Whether its polarity is reversed."""
    def open(self) -> None:
        """Open it. Conflict if it is open already, Busy while a batch is recorded."""
    def close(self) -> None:
        """Close it. Conflict if it is closed already, Busy while a batch is recorded."""
    direction: str

class Sysinfo:
    """Version, host, load, clock and health of the server."""
    @property
    def version(self) -> Reading[str]:
        """Version of the server."""
    @property
    def host(self) -> Reading[str]:
        """Name of the computer."""
    @property
    def cpu(self) -> Reading[float]:
        """Load of the processor in percent."""
    @property
    def mem(self) -> Reading[float]:
        """Memory in use in percent."""
    @property
    def clock(self) -> Setting[datetime]:
        """What the clock of the server says, aware; it can't be observed."""
    @property
    def clock_status(self) -> Value[JsonValue]:
        """Whether its clock is `trusted`, what has made it right (`source`: ntp, gps, manual or none), and `last_step`."""
    @property
    def position(self) -> Value[JsonValue]:
        """Where the rig is: `latitude`, `longitude`, `altitude`, their `source`, and how good a fix of GPS is."""
    @property
    def started(self) -> Reading[datetime]:
        """When the server was started."""
    @property
    def health(self) -> Value[JsonValue]:
        """Whether the rig is well: `status` (ok, warn or alarm) and `sentences`, the worst first."""
    @property
    def housekeeping(self) -> Reading[JsonValue]:
        """The last sample of what is measured of the rig itself: `time` and `values`; None before the first."""

class Reading(Generic[T]):
    """A value that can be read: `await reading.get()`, or in short `await reading()`."""
    @property
    def path(self) -> str:
        """Where it is, such as "control/status"."""
    def get(self) -> T:
        """Read it. InvalidValue where it is not of its type, and whatever the server refuses."""
    def __call__(self) -> T:
        """Read it."""

class Value(Reading[T]):
    """A value that can also be followed."""
    def observe(self) -> Changes[T]:
        """First the value, then every other one, for as long as you like: after a restart of server or network, too.

        ::

            async for status in rig.control.status.observe():
                print(status)
        """
    def wait_for(self, wanted: T | Callable[[T], bool], timeout: float | None = None) -> T:
        """Wait until it is `wanted`, or `wanted(value)` is true; return it.

        TimedOut after `timeout` seconds (None: never), with what it was then.
        """

class Setting(Value[T]):
    """A value that can also be set."""
    def set(self, value: T) -> None:
        """Set it; returns when the server has taken it. InvalidValue, Busy or Conflict where it refuses."""

class ChannelValues(Generic[T]):
    """A value for each channel: `values["upwelling"]`; `await values("upwelling")` reads one."""
    def __getitem__(self, channel: str) -> Value[T]: ...
    def __call__(self, channel: str) -> T:
        """Read the value of a channel."""

class ChannelSettings(ChannelValues[T]):
    """The same for values that can be set."""
    def __getitem__(self, channel: str) -> Setting[T]: ...

class Changes(Iterator[T], Generic[T]):
    """First the value, then every other one; a slow consumer misses values in between, never the last one."""
    def __next__(self) -> T: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def close(self) -> None:
        """Take no more values."""

class Tree:
    """One place in the tree: what is below it as attributes or items, and what can be done with it itself."""
    @property
    def path(self) -> str:
        """Where it is."""
    @property
    def described(self) -> tuple[Described, ...]:
        """What the server says of it; nothing for what only has something below it."""
    def __getitem__(self, path: str) -> Tree:
        """What is there; `path` may have several segments. NotFound if the server has nothing of the kind."""
    def __getattr__(self, name: str) -> Tree: ...
    def __iter__(self) -> Iterator[str]:
        """The segments below it."""
    def get(self) -> JsonValue:
        """Read the value. NotAllowed where there is none."""
    def set(self, value: JsonValue) -> JsonValue:
        """Set the value; what the server answers, mostly None. NotAllowed where it can't be set."""
    def observe(self) -> Changes[JsonValue]:
        """First the value, then its changes. NotAllowed where it can't be observed."""
    def wait_for(self, wanted: JsonValue, timeout: float | None = None) -> JsonValue:
        """Wait until it is `wanted`. TimedOut after `timeout` seconds (None: never)."""
    def __call__(self, *args: JsonValue, **kwargs: JsonValue) -> JsonValue:
        """Call the command, return its answer; of a value, read it. InvalidValue for unknown arguments."""

class Mirror:
    """What all of these are."""
