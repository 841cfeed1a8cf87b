"""Go's regular expressions, which are RE2's as ours are, and several filters of groups → one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from exporter.name_pattern import NamePattern
from exporter.quoting import quoted
from exporter.schema.mistakes import Invalid


def checked(go: str) -> str:
    """The expression itself; raises `Invalid` if RE2 cannot read it, as Burrow cannot."""
    try:
        NamePattern(go)
    except ValueError as error:
        raise Invalid(f"{quoted(go)} is not a regular expression: {error}; mend it here first") from None
    return go


@dataclass(frozen=True, slots=True)
class GroupFilter:
    """Which groups are watched: those that match ``allow`` and not ``deny``; "" is no condition.

    ``exact`` False: they are more than were meant, because RE2 reads a name once and so has neither "and" nor "not".
    """

    allow: str = ""
    deny: str = ""
    exact: bool = field(default=True, compare=False)


def both(one: GroupFilter, other: GroupFilter) -> GroupFilter:
    """The groups that pass both filters; those that pass ``one``'s allow list if there are two of them."""
    allows = _different(one.allow, other.allow)
    exact = one.exact and other.exact and len(allows) == 1
    return GroupFilter(allows[0], _any(_different(one.deny, other.deny)), exact)


def either(filters: Sequence[GroupFilter]) -> GroupFilter:
    """The groups that pass at least one of the filters; with different deny lists, those that are in an allow list."""
    different = list(dict.fromkeys(filters))
    if GroupFilter() in different:
        return GroupFilter()
    allow = _any([each.allow for each in different]) if all(each.allow for each in different) else ""
    same = len({each.deny for each in different}) == 1
    return GroupFilter(allow, different[0].deny if same else "", same)


def _different(*expressions: str) -> list[str]:
    return list(dict.fromkeys(filter(None, expressions))) or [""]


def _any(expressions: Sequence[str]) -> str:
    return expressions[0] if len(expressions) == 1 else "|".join(f"(?:{each})" for each in expressions)
