"""Go's expressions, and the lists of several consumers in one."""

from __future__ import annotations

import re

import pytest

from exporter.conversion.go_expressions import GroupFilter, both, checked, either
from exporter.name_pattern import NamePattern
from exporter.schema.mistakes import Invalid

SAME = [
    ("", "", "x"),
    ("^(a|b)$", "a", "ab"),
    (r"(?i)^Prod|x", "prod-1", "a"),
    (r"a((?i)b|c)d", "aCd", "Acd"),
    (r"(?:(?i:a)b)", "Ab", "aB"),
    (r"(?U)a+b", "aab", "b"),
    (r"(?-s).", "x", "\n"),
    (r"a\z", "ba", "ab"),
    (r"^\Qa.b(\E$", "a.b(", "axb("),
    (r"\Qa.b", "xa.b", "xaxb"),
    (r"^[[:alpha:]_]+$", "aZ_", "a1"),
    (r"^[^[:space:]]+$", "ab", "a b"),
    (r"^[]a]+$", "]a", "b"),
    (r"^(?P<kind>a)(?P<other>b)$", "ab", "a"),
    (r"^(?<kind>a)$", "a", "b"),
    (r"^\x{41}$", "A", "a"),
    (r"^\.\(\[$", ".([", "x"),
    (r"^[\]\[a-c]$", "[", "d"),
]


@pytest.mark.parametrize(("go", "found", "not_found"), SAME, ids=[go for go, _, _ in SAME])
def test_an_expression_finds_here_what_it_finds_in_go(go: str, found: str, not_found: str) -> None:
    expression = NamePattern(checked(go))
    assert expression.search(found)
    assert not go or not expression.search(not_found)


@pytest.mark.parametrize("go", ["a(", "a{2,1}", "[[:nope:]]", r"\8"])
def test_what_is_no_expression_is_said_with_a_way_out(go: str) -> None:
    with pytest.raises(Invalid, match="mend it here first"):
        checked(go)


FILTERS = [
    GroupFilter(),
    GroupFilter("a"),
    GroupFilter("^b", "c$"),
    GroupFilter("", "a"),
    GroupFilter("a|b", "a"),
    GroupFilter("^b$"),
    GroupFilter("ac|^c", "c$"),
]
NAMES = ["", "a", "b", "c", "ab", "ba", "bc", "ac", "cab", "x\nb", "b\nc", "abc"]


def takes(given: GroupFilter, name: str) -> bool:
    allowed = not given.allow or re.search(given.allow, name) is not None
    return allowed and not (given.deny and re.search(given.deny, name))


@pytest.mark.parametrize("one", FILTERS)
@pytest.mark.parametrize("other", FILTERS)
def test_filters_together_take_what_they_take_alone_or_say_that_they_take_more(
    one: GroupFilter, other: GroupFilter
) -> None:
    for name in NAMES:
        for joined, wanted in (
            (both(one, other), takes(one, name) and takes(other, name)),
            (either([one, other]), takes(one, name) or takes(other, name)),
        ):
            assert takes(joined, name) == wanted or (not joined.exact and takes(joined, name)), name


def test_equal_lists_stay_as_they_are_written() -> None:
    same = GroupFilter("^a", "b$")
    assert either([same, same]) == same
    assert both(same, GroupFilter()) == same
