"""Names in paths: any name has an address, and that address leads to it."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.names import name_in_path
from exporter.web.pages import links
from exporter.web.pages.paging import page_number, paging
from tests.support.page_scenes import ODD_NAMES

ROUTE = links.NamedRoute("/clusters/{cluster}/groups/{group}", lambda _: None)


def path_as_a_browser_sends_it(address: str) -> str:
    # It takes "." and ".." for ways, escaped or not.
    path = urlsplit(urljoin("http://exporter/", address)).path
    assert not {part.lower().replace("%2e", ".") for part in path.split("/")} & {".", ".."}
    return path


def found(path: str) -> dict[str, str] | None:
    match, scope = ROUTE.matches({"type": "http", "method": "GET", "path": "", "raw_path": path.encode()})
    return scope["path_params"] if match.name == "FULL" else None


@pytest.mark.parametrize("name", ODD_NAMES)
def test_every_name_has_an_address_that_leads_to_it(name: str) -> None:
    parts = found(path_as_a_browser_sends_it(links.group(name or "c", name)))
    assert parts is not None
    assert name_in_path(parts["group"], {name}) == name
    assert name_in_path(parts["cluster"], {name}) == (name or "c")


@given(st.text(), st.text(min_size=1))
def test_any_text_is_a_name_that_has_an_address(group: str, cluster: str) -> None:
    parts = found(path_as_a_browser_sends_it(links.group(cluster, group)))
    assert parts is not None
    assert name_in_path(parts["group"], {group}) == group
    assert name_in_path(parts["cluster"], {cluster}) == cluster


@pytest.mark.parametrize("path", ["/clusters/a/b/groups/c", "/clusters/a/groups/c/", "/clusters/a/groups", "/clusters"])
def test_a_path_of_other_parts_is_another_page(path: str) -> None:
    assert found(path) is None


@pytest.mark.parametrize(
    ("path", "root"), [("/", "./"), ("/state", "./"), ("/clusters/a%2Fb", "../"), ("/clusters/a/groups/", "../../../")]
)
def test_the_way_to_the_root_starts_where_the_page_is(path: str, root: str) -> None:
    assert links.root(path) == root
    assert urljoin(f"http://exporter{path}", root) == "http://exporter/"


def test_what_is_empty_is_left_out_of_an_address() -> None:
    assert links.overview(q="", status="err", page="") == "?status=err"
    assert links.overview(q="a b&c") == "?q=a+b%26c"
    assert links.overview() == ""


@pytest.mark.parametrize(
    ("asked", "number", "shown"),
    [(1, 1, (1, 50)), (3, 3, (101, 120)), (0, 1, (1, 50)), (99, 3, (101, 120))],
)
def test_a_page_that_there_is_not_is_the_nearest_that_there_is(asked: int, number: int, shown: tuple[int, int]) -> None:
    page = paging(120, 50, asked, str)
    assert (page.number, (page.first, page.last), page.pages) == (number, shown, 3)
    assert list(range(120))[page.shown] == list(range(shown[0] - 1, shown[1]))
    assert page.previous == (str(number - 1) if number > 1 else None)
    assert page.next == (str(number + 1) if number < 3 else None)


def test_a_list_of_nothing_has_one_empty_page() -> None:
    page = paging(0, 50, 4, str)
    assert (page.number, page.pages, page.first, page.last, page.previous, page.next) == (1, 1, 0, 0, None, None)
    assert list(range(10))[page.shown] == []


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "٣", "9" * 5000, "1e3"])
def test_a_page_number_that_is_none_asks_for_the_first(text: str) -> None:
    assert page_number({"page": text}) == 1
