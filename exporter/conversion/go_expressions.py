"""Go's regular expressions → Python's, and several filters of groups → one."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.quoting import quoted
from exporter.schema.mistakes import Invalid

_ASCII_CLASSES: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}

_TOKEN: Final = re.compile(
    r"""\\Q(?P<literal>.*?)(?:\\E|\Z)
    | \\(?P<property>[pP](?:\{[^}]*\}|.)|C)
    | \\x\{(?P<point>[0-9A-Fa-f]{1,8})\}
    | \\(?P<escaped>.)
    | \((?:\?P?<(?P<name>[A-Za-z_]\w*)>)
    | \(\?(?P<flags>[imsU-]*)(?P<ends>[:)])
    | \[(?P<not>\^?)(?P<members>\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*)\]
    | (?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)


def python_expression(go: str) -> str:
    """The expression as Python writes it; raises `Invalid` if Python has nothing that does the same."""
    written = "".join(_Translation(go).parts())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(written)
    except (re.error, OverflowError, RecursionError) as error:
        raise Invalid(f"{quoted(go)} cannot be taken over: {error}; write it in another way") from None
    return written


class _Translation:
    """An expression's parts, one by one. Flags that hold to the end of a group open a group of their own."""

    def __init__(self, go: str) -> None:
        self._go = go
        self._to_close = [0]  # for each open group, how many groups were opened for flags in it
        self._begins = True  # at the beginning of the expression, or of a group

    def parts(self) -> Iterator[str]:
        for token in _TOKEN.finditer(self._go):
            began, self._begins = self._begins, False
            yield getattr(self, f"_{token.lastgroup}")(token, began)
        yield ")" * self._to_close[0]

    def _literal(self, token: re.Match[str], _: bool) -> str:
        return re.escape(token["literal"])

    def _property(self, token: re.Match[str], _: bool) -> str:
        raise Invalid(
            f"{quoted(self._go)}: Python has no {quoted(token[0])}; write the letters as a class, such as [A-Za-z]"
        )

    def _point(self, token: re.Match[str], _: bool) -> str:
        return f"\\U{int(token['point'], 16):08x}"

    def _escaped(self, token: re.Match[str], _: bool) -> str:
        return r"\Z" if token["escaped"] == "z" else token[0]

    def _name(self, _: re.Match[str], __: bool) -> str:
        # Nothing can refer to the group, and two expressions may use the same name.
        return self._opened("(")

    def _ends(self, token: re.Match[str], began: bool) -> str:
        flags = token["flags"].replace("U", "").removesuffix("-")
        if token["ends"] == ":":
            return self._opened(f"(?{flags}:")
        if not began:
            raise Invalid(f"{quoted(self._go)}: put {quoted(token[0])} at the beginning of the expression")
        self._to_close[-1] += 1
        self._begins = True
        return f"(?{flags}:"

    def _members(self, token: re.Match[str], _: bool) -> str:
        if re.search(r"\\[pP]", token["members"]):
            raise Invalid(f"{quoted(self._go)}: Python has no \\p within brackets; write the letters, such as [A-Za-z]")
        members = re.sub(r"\[:(?P<negated>\^?)(?P<name>\w+):\]", self._ascii_class, token["members"])
        return f"[{token['not']}{members}]"

    def _ascii_class(self, match: re.Match[str]) -> str:
        if match["negated"] or match["name"] not in _ASCII_CLASSES:
            raise Invalid(f"{quoted(self._go)}: Python has no {quoted(match[0])} within brackets; write its letters")
        return _ASCII_CLASSES[match["name"]]

    def _other(self, token: re.Match[str], _: bool) -> str:
        if token[0] == "(":
            return self._opened("(")
        if token[0] == ")" and len(self._to_close) > 1:
            return ")" * self._to_close.pop() + ")"
        return token[0]

    def _opened(self, bracket: str) -> str:
        self._to_close.append(0)
        self._begins = True
        return bracket


@dataclass(frozen=True, slots=True)
class GroupFilter:
    """Which groups are watched: those that match ``allow`` and not ``deny``; "" is no condition."""

    allow: str = ""
    deny: str = ""


def both(one: GroupFilter, other: GroupFilter) -> GroupFilter:
    """The groups that pass both filters."""
    allows = _different(one.allow, other.allow)
    denies = _different(one.deny, other.deny)
    allow = allows[0] if len(allows) == 1 else "".join(map(_somewhere, allows))
    return GroupFilter(f"^{allow}" if len(allows) > 1 else allow, _any(denies))


def either(filters: Sequence[GroupFilter]) -> GroupFilter:
    """The groups that pass at least one of the filters."""
    different = list(dict.fromkeys(filters))
    if len({each.deny for each in different}) == 1:
        allows = [each.allow for each in different]
        return GroupFilter("" if "" in allows else _any(allows), different[0].deny)
    if GroupFilter() in different:
        return GroupFilter()
    ways = (
        (_somewhere(each.allow) if each.allow else "") + (_nowhere(each.deny) if each.deny else "")
        for each in different
    )
    return GroupFilter(f"^(?:{'|'.join(ways)})")


def _different(*expressions: str) -> list[str]:
    return list(dict.fromkeys(filter(None, expressions))) or [""]


def _any(expressions: Sequence[str]) -> str:
    return expressions[0] if len(expressions) == 1 else "|".join(f"(?:{each})" for each in expressions)


def _somewhere(expression: str) -> str:
    return rf"(?=[\s\S]*(?:{expression}))"


def _nowhere(expression: str) -> str:
    return rf"(?![\s\S]*(?:{expression}))"
