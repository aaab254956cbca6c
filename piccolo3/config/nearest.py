"""What may have been meant by a name that nobody knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["nearest"]

_ALIKE = 0.6


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one of the known names that is most like it, whatever the case; None if none is."""
    folded = {other.casefold(): other for other in known}
    matches = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=_ALIKE)
    return folded[matches[0]] if matches else None
