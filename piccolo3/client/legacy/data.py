"""`data` of an old system: runs and their files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from piccolo3.client import answers
from piccolo3.client.legacy.component import Component
from piccolo3.client.legacy.link import Link
from piccolo3.wire import JsonValue

__all__ = ["PiccoloDataDir", "PiccoloRun"]


class PiccoloRun(Component):
    """One run."""

    def __init__(self, link: Link, name: str) -> None:
        super().__init__(link, "data_dir", "runs", name)
        self._name = name

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    def __str__(self) -> str:
        return self._name

    async def get_spectra_list(self) -> list[str]:
        """Names of the files, the latest first."""
        return list(answers.texts(await self.a_get("spectra_list"), "list of files"))

    async def get_spectra(self, fname: str) -> str:
        """The text of a file."""
        return answers.text(await self.a_put("spectra", fname), f"file {fname}")

    async def get_current_batch(self) -> int:
        """Number of the last batch, -1 if there is none."""
        return answers.integer(await self.a_get("current_batch"), "current batch")


class PiccoloDataDir(Component, Mapping[str, PiccoloRun]):
    """The data directory: runs by their names, as far as they are known; `get_runs` asks for all."""

    observed = ("current_run",)

    def __init__(self, link: Link) -> None:
        super().__init__(link, "data_dir")
        self._runs: dict[str, PiccoloRun] = {}
        self._are_known = False

    def __getitem__(self, name: str) -> PiccoloRun:
        if name not in self._runs and not self._are_known:  # who has not asked may name what is there
            return PiccoloRun(self._link, name)
        return self._runs[name]

    def __contains__(self, name: object) -> bool:
        return name in self._runs

    def __iter__(self) -> Iterator[str]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    async def get_mount(self) -> bool:
        """Whether the data device is mounted."""
        return bool(await self.a_get("mount"))

    async def set_mount(self, mount: bool) -> JsonValue:
        """Mount or unmount the data device; what was done."""
        return await self.a_put("mount", mount)

    async def get_datadir(self) -> str:
        """Path of the data directory."""
        return answers.text(await self.a_get("datadir"), "data directory")

    async def get_current_run(self) -> PiccoloRun:
        """The run that is recorded into."""
        return self._known(answers.text(await self.a_get("current_run"), "current run"))

    async def set_current_run(self, run: str | PiccoloRun) -> JsonValue:
        """Record into another run, which is made if necessary; its name."""
        answer = await self.a_put("current_run", str(run))
        self._known(str(answer or run))
        return answer

    async def get_runs(
        self, alpha: bool = False, reverse: bool = False, nitems: int | None = None, page: int = 0
    ) -> list[str]:
        """Names of runs: by name if `alpha`, else by time of change; `nitems` of them, if given, on a page."""
        names = answers.texts(
            await self.a_put("all_runs", alpha=alpha, reverse=reverse, nitems=nitems, page=page), "list of runs"
        )
        for name in names:
            self._known(name)
        self._are_known = self._are_known or nitems is None
        return list(names)

    @property
    def current_run(self) -> PiccoloRun | None:
        """The run that is recorded into, None as long as nothing was heard of it."""
        name = self._values.get("current_run")
        return self._known(name) if isinstance(name, str) else None

    def _known(self, name: str) -> PiccoloRun:
        return self._runs.setdefault(name, PiccoloRun(self._link, name))

    async def _heard(self, resource: str, value: JsonValue) -> None:
        if isinstance(value, str):
            self._known(value)
        await super()._heard(resource, value)
