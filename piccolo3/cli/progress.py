"""Progress of a batch: a bar on a terminal, a line for each step elsewhere."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from piccolo3 import client

__all__ = ["Reporter", "describe"]


def describe(progress: client.Progress) -> str:
    """What is being done, in a few words."""
    words = [progress.phase]
    if progress.channel and progress.channel not in progress.phase:
        words.insert(0, progress.channel)
    text = " ".join(word for word in words if word)
    if progress.sequence is not None and progress.sequence >= 0 and progress.sequences:
        text = f"sequence {min(progress.sequence + 1, progress.sequences)} of {progress.sequences}: {text}"
    return text


class Reporter:
    """Shows where a batch is, as a context manager; `pause` and `resume` make room for a question."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._last = ""
        self._error: str | None = None
        self._bar: Progress | None = None
        if console.is_terminal:
            columns = (
                TextColumn(f"{title:<10}"),
                BarColumn(bar_width=30),
                TaskProgressColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.description}"),
            )
            self._bar = Progress(*columns, console=console)
            self._task = self._bar.add_task("starting", total=None)

    def show(self, progress: client.Progress) -> None:
        """Show this."""
        text = describe(progress)
        if self._bar is not None:
            total = progress.steps or None
            self._bar.update(self._task, completed=progress.step, total=total, description=text)
        elif text != self._last:
            self._console.print(f"{self._title}: {text}", highlight=False, markup=False)
        self._last = text
        if progress.last_error is not None and progress.last_error != self._error:
            self._console.print(f"warning: {progress.last_error}", highlight=False, markup=False)
        self._error = progress.last_error

    def done(self, text: str) -> None:
        """Fill the bar."""
        if self._bar is not None:
            total = next((task.total for task in self._bar.tasks if task.total), None) or 1
            self._bar.update(self._task, completed=total, total=total, description=text)

    def pause(self) -> None:
        """Take the bar off the screen."""
        if self._bar is not None:
            self._bar.stop()

    def resume(self) -> None:
        """Put it back."""
        if self._bar is not None:
            self._bar.start()

    def __enter__(self) -> Reporter:
        self.resume()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.pause()
