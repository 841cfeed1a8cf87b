"""Long lists, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of a list: which entries it shows, counted from 1, and the addresses of its neighbours."""

    number: int
    pages: int
    first: int
    last: int
    total: int
    previous: str | None
    next: str | None

    @property
    def shown(self) -> slice:
        """The entries on this page."""
        return slice(self.first - 1 if self.total else 0, self.last)


def paging(total: int, size: int, asked: int, address: Callable[[int], str]) -> Paging:
    """The requested page, or the nearest that exists; ``address`` gives the address of each page."""
    pages = max(-(-total // size), 1)
    number = min(max(asked, 1), pages)
    return Paging(
        number=number,
        pages=pages,
        first=min((number - 1) * size + 1, total),
        last=min(number * size, total),
        total=total,
        previous=address(number - 1) if number > 1 else None,
        next=address(number + 1) if number < pages else None,
    )


def page_number(query: Mapping[str, str]) -> int:
    """The page number in a query; 1 if it has no valid one."""
    text = query.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1
