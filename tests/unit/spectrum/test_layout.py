"""The text of a file is that of the standard library, byte for byte."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from piccolo3.jsonvalue import JsonValue
from piccolo3.spectrum import SpectraList, Spectrum, dumps

scalars = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
) | st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=6)
pixels = hnp.arrays(np.int32, st.integers(1, 6))


@given(st.lists(st.tuples(pixels, st.dictionaries(texts, values, max_size=4)), max_size=3))
def test_the_layout_is_that_of_the_standard_library(content: list[tuple[np.ndarray, dict[str, JsonValue]]]) -> None:
    spectra = SpectraList(tuple(Spectrum(counts, metadata) for counts, metadata in content))
    plain = {"Spectra": [{"Metadata": dict(s.metadata), "Pixels": s.pixels.tolist()} for s in spectra.spectra]}
    assert dumps(spectra) == json.dumps(plain, sort_keys=True, indent=1, allow_nan=False)
