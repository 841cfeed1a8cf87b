"""Names in paths, as Burrow's clients and browsers escape them."""

from __future__ import annotations

import pytest

from exporter.web.names import escaped, name_in_path, unescaped


@pytest.mark.parametrize(
    ("part", "known", "expected"),
    [
        ("a%2Fb", ["a/b"], "a/b"),
        ("a%252Fb", ["a/b"], "a/b"),
        ("a%252Fb", ["a/b", "a%2Fb"], "a%2Fb"),
        ("a%252Fb", [], "a%2Fb"),
        ("a+b", ["a b"], "a+b"),
        ("a%20b", ["a b"], "a b"),
        ("100%25", ["100%"], "100%"),
        ("%C3%BC", ["ü"], "ü"),
        ("%FF", [], "\udcff"),
        ("%ff%fe", ["x"], "\udcff\udcfe"),
    ],
)
def test_a_name_is_unescaped_once_and_again_if_that_is_a_name(part: str, known: list[str], expected: str) -> None:
    assert name_in_path(part, known) == expected


def test_what_is_unescaped_is_the_path_that_a_client_asked_for() -> None:
    assert unescaped("/v3/kafka/a%2Fb%20c") == "/v3/kafka/a/b c"


@pytest.mark.parametrize("name", ["a/b", "..", ".", "%2F", "", "\ud800", "ü"])
def test_every_name_is_found_by_its_escaped_form(name: str) -> None:
    assert name_in_path(escaped(name), {name}) == name
