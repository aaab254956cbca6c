"""What a client knows of a batch: where it is, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from piccolo3.client import answers
from piccolo3.wire import JsonValue

__all__ = ["Outcome", "Progress"]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a batch is: `step` of `steps`, sequence counted from 0; what is not known is None."""

    step: int
    steps: int
    phase: str
    channel: str | None = None
    run: str | None = None
    batch: int | None = None
    sequence: int | None = None
    sequences: int | None = None
    last_error: str | None = None

    @classmethod
    def of(cls, value: JsonValue) -> Progress:
        """Read the value of control/progress."""
        what = "control/progress"
        body = answers.mapping(value, what)

        def whole(key: str) -> int | None:
            return None if body.get(key) is None else answers.integer(body[key], what)

        return cls(
            step=whole("step") or 0,
            steps=whole("steps") or 0,
            phase=answers.optional_text(body.get("phase"), what) or "",
            channel=answers.optional_text(body.get("channel"), what),
            run=answers.optional_text(body.get("run"), what),
            batch=whole("batch"),
            sequence=whole("sequence"),
            sequences=whole("sequences"),
            last_error=answers.optional_text(body.get("last_error"), what),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a batch ended: `result` is "complete", "aborted" or "failed"; `lost` has a sentence for each loss."""

    result: str
    kind: str = "record"
    reason: str | None = None
    lost: tuple[str, ...] = ()
    run: str | None = None
    batch: int | None = None
    sequences_done: int | None = None
    started: datetime | None = None
    ended: datetime | None = None

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for has been done."""
        return self.result == "complete"

    @classmethod
    def of(cls, value: JsonValue) -> Outcome | None:
        """Read the value of control/outcome; None as long as no batch has ended."""
        if value is None:
            return None
        what = "control/outcome"
        body = answers.mapping(value, what)

        def whole(key: str) -> int | None:
            return None if body.get(key) is None else answers.integer(body[key], what)

        def when(key: str) -> datetime | None:
            return None if body.get(key) is None else answers.moment(body[key], what)

        return cls(
            result=answers.text(body.get("result"), what),
            kind=answers.optional_text(body.get("kind"), what) or "record",
            reason=answers.optional_text(body.get("reason"), what),
            lost=answers.texts(body.get("lost") or [], what),
            run=answers.optional_text(body.get("run"), what),
            batch=whole("batch"),
            sequences_done=whole("sequences_done"),
            started=when("started"),
            ended=when("ended"),
        )
