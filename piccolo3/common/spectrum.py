"""One spectrum as old programs see it: a mapping of the metadata, and the pixels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import UTC, datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray

from piccolo3.clock import SystemClock
from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue, parse, plain
from piccolo3.spectrum import Spectrum

__all__ = ["PiccoloSpectrum", "content_of"]

_PROTECTED = {
    "Direction": "setDirection",
    "Dark": "setDark or setLight",
    "Datetime": "setDatetime",
}
_DATETIME = "%Y-%m-%dT%H:%M:%S.%f%z"


def content_of(data: str | bytes | Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """The object that `data` is, or that its JSON text stands for. InvalidValue for anything else."""
    if isinstance(data, bytes):
        data = data.decode()
    value = parse(data) if isinstance(data, str) else data
    if not isinstance(value, Mapping):
        raise InvalidValue("an object expected")
    return value


class PiccoloSpectrum(MutableMapping[str, JsonValue]):
    """The metadata of a spectrum, and its pixels; `data` is JSON text or a dict of Metadata and Pixels."""

    def __init__(self, data: str | bytes | Mapping[str, JsonValue] | None = None) -> None:
        self._metadata: dict[str, JsonValue] = {"Direction": "Missing metadata", "Dark": "Missing metadata"}
        self._metadata |= {"Datetime": "Missing metadata"}
        self._pixels: NDArray[np.int32] | None = None
        if data is not None:
            content = content_of(data)
            metadata = content.get("Metadata", {})
            if not isinstance(metadata, Mapping):
                raise InvalidValue("Metadata: an object expected")
            self._metadata.update(metadata)
            if content.get("Pixels") is not None:
                self.pixels = content["Pixels"]  # type: ignore[assignment]

    # --- the mapping

    def __getitem__(self, key: str) -> JsonValue:
        return self._metadata[key]

    def __setitem__(self, key: str, value: JsonValue) -> None:
        if key in _PROTECTED:
            raise KeyError(f"{key} is set with {_PROTECTED[key]}")
        self._metadata[key] = plain(value)

    def __delitem__(self, key: str) -> None:
        if key in _PROTECTED:
            raise KeyError(f"{key} can't be deleted")
        del self._metadata[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._metadata)

    def __len__(self) -> int:
        return len(self._metadata)

    # --- what is set by methods of their own

    def setDirection(self, direction: str) -> None:
        """Set the name of the channel."""
        self._metadata["Direction"] = direction

    def setUpwelling(self, value: bool | None = None) -> None:
        """Make it upwelling, or downwelling with False."""
        self.setDirection("upwelling" if value is None or value else "downwelling")

    def setDownwelling(self, value: bool | None = None) -> None:
        """Make it downwelling, or upwelling with False."""
        self.setDirection("downwelling" if value is None or value else "upwelling")

    def setDark(self, value: bool | None = None) -> None:
        """Make it dark, or light with False."""
        self._metadata["Dark"] = value is None or bool(value)
        self._metadata["Type"] = "dark" if self._metadata["Dark"] else "light"

    def setLight(self, value: bool | None = None) -> None:
        """Make it light, or dark with False."""
        self.setDark(not (value is None or value))

    def setDatetime(self, dt: datetime | str | None = None) -> None:
        """Set when the exposure began: now unless given; without an offset it is UTC."""
        if isinstance(dt, str):
            dt = datetime.fromisoformat(dt)
        when = SystemClock().utcnow() if dt is None else dt
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
        self._metadata["Datetime"] = when.strftime(_DATETIME)

    # --- pixels

    @property
    def pixels(self) -> NDArray[np.int32]:
        """Counts, shape (pixels,). RuntimeError if there are none yet."""
        if self._pixels is None:
            raise RuntimeError("the spectrum has no pixels yet")
        return self._pixels

    @pixels.setter
    def pixels(self, values: ArrayLike) -> None:
        self._pixels = np.array(Spectrum(np.asarray(values), {}).pixels)

    @property
    def _spectrum(self) -> Spectrum:
        known = {key: value for key, value in self._metadata.items() if value != "Missing metadata"}
        return Spectrum(self.pixels, known)

    @property
    def corrected_pixels(self) -> NDArray[np.float64]:
        """Counts less those of the dark pixels, corrected for the nonlinearity of the detector, shape (pixels,)."""
        return self._spectrum.corrected()

    @property
    def dark_pixels(self) -> NDArray[np.int32]:
        """Counts of the pixels that never see light; empty where none are known."""
        return np.asarray(self.pixels[list(self._spectrum.dark_pixels)])

    @property
    def opticalPixelRange(self) -> tuple[int, int]:
        """First pixel that sees light, and one past the last."""
        return self._spectrum.optical_pixel_range

    @property
    def isSaturated(self) -> bool:
        """Whether a pixel that sees light is saturated."""
        return self._spectrum.is_saturated

    def getNumberOfPixels(self) -> int:
        """How many there are, 0 before they are set."""
        return 0 if self._pixels is None else len(self._pixels)

    # --- wavelengths

    def getWavelengths(self, piccolo: bool = True) -> tuple[str, NDArray[np.float64]]:
        """`piccolo` or `original`, whose coefficients were taken, and the wavelengths in nm, shape (pixels,)."""
        own = piccolo and bool(self._metadata.get("WavelengthCalibrationCoefficientsPiccolo"))
        return "piccolo" if own else "original", self._spectrum.wavelengths(piccolo=piccolo)

    @property
    def waveLengths(self) -> NDArray[np.float64]:
        """Wavelengths in nm, shape (pixels,), of the channel's own calibration if there is one."""
        return self.getWavelengths()[1]

    def getData(
        self, include_dark: bool = False, piccolo: bool = True
    ) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """Wavelengths (nm) and counts, of the pixels that see light unless `include_dark`."""
        first, end = (0, len(self.pixels)) if include_dark else self.opticalPixelRange
        return self.getWavelengths(piccolo)[1][first:end], self.pixels[first:end]

    # --- text

    def as_dict(self, pixelType: str = "array") -> dict[str, object]:
        """Metadata and Pixels; `pixelType` is `array` (numpy) or `list`."""
        if pixelType not in ("array", "list"):
            raise ValueError(f"pixelType is array or list, not {pixelType}")
        pixels = self.pixels
        return {"Metadata": dict(self._metadata), "Pixels": pixels.copy() if pixelType == "array" else pixels.tolist()}

    def serialize(self, pretty: bool = True) -> str:
        """JSON text, with an indent if `pretty`."""
        return json.dumps(self.as_dict("list"), sort_keys=pretty, indent=1 if pretty else None)
