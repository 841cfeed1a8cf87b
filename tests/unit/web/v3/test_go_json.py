"""Text as Go's encoding/json writes it; the expectations are what `json.Marshal` printed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.v3.go_json import encode, float32


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-1, "-1"),
        (2**63 - 1, "9223372036854775807"),
        (1.0, "1"),
        (0.0, "0"),
        (0.5, "0.5"),
        ("", '""'),
        ("a b", '"a b"'),
        ('say "no"\\', r'"say \"no\"\\"'),
        ("\n\r\t\x00\x1f\x7f", '"\\n\\r\\t\\u0000\\u001f\x7f"'),
        ("<b>&</b>", r'"\u003cb\u003e\u0026\u003c/b\u003e"'),
        ("\u2028\u2029", r'"\u2028\u2029"'),
        ("grüße 🌍", '"grüße 🌍"'),
        ("not \udcff utf-8", r'"not \ufffd utf-8"'),
        ([], "[]"),
        ({}, "{}"),
        ([1, None, [2]], "[1,null,[2]]"),
        ({"b": 1, "a": {"<": []}}, r'{"b":1,"a":{"\u003c":[]}}'),
    ],
)
def test_values_are_written_as_go_writes_them(value: Any, written: str) -> None:
    assert encode(value).decode() == written


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (1 / 3, "0.33333334"),
        (2 / 3, "0.6666667"),
        (0.1, "0.1"),
        (1 / 7, "0.14285715"),
        (0.00005, "0.00005"),
        (0.000001, "0.000001"),
        (0.0000005, "5e-7"),
        (0.99999999, "1"),
    ],
)
def test_shares_have_the_fewest_digits_of_a_32_bit_float(number: float, written: str) -> None:
    assert float32(number) == written


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_what_is_written_is_read_back_the_same_and_can_stand_in_a_page(value: Any) -> None:
    written = encode(value).decode()
    assert json.loads(written) == value
    assert not set(written) & set("<>&\u2028\u2029\n")
