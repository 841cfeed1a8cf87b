"""Numbers and names are written as prometheus_client writes them."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client.utils import floatToGoString

from exporter.metrics import text


@given(st.lists(st.integers(min_value=-(2**63), max_value=2**63 - 1)))
@example([0, 1, -1, -2, 999_999, 1_000_000, 1_000_001, 1_234_567, 10_000_000, 123_456_000, -1_234_567])
@example([2**53 - 1, 2**53, 2**53 + 1, 10**15, 10**16, 2**63 - 1, -(2**63)])
def test_whole_numbers_are_written_as_the_library_writes_them(values: list[int]) -> None:
    written = text.numbers(np.array(values, dtype=np.int64))
    assert written == [floatToGoString(value).encode() for value in values]


@given(st.lists(st.floats()))
@example([0.0, -0.0, 0.1, 1e-7, 999_999.9, 1e6, 1.5e6, 1e22, float("inf"), float("-inf"), float("nan")])
def test_fractions_are_written_as_the_library_writes_them(values: list[float]) -> None:
    written = text.numbers(np.array(values, dtype=np.float64))
    assert written == [floatToGoString(value).encode() for value in values]


def test_what_utf_8_cannot_say_becomes_a_question_mark() -> None:
    assert text.labels(("topic",), ("half \ud83d",)) == b'{topic="half ?"} '
