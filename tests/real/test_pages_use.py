"""The pages in a real browser: used by keyboard, without JavaScript, and left open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect

from exporter.core.report import Outcome
from exporter.web.app import make_app
from exporter.web.pages.status_pages import REFRESH_SECONDS
from tests.support.browsing import Window, chromium, window
from tests.support.observations import group, observation
from tests.support.outcomes import outcome
from tests.support.page_scenes import SETTINGS, Known, many, of, some
from tests.support.serving import serving

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(make_app(some(), SETTINGS)) as number:
        yield number


@pytest.fixture(scope="module")
def large() -> Iterator[int]:
    with serving(make_app(Known(of(many(5000))), SETTINGS)) as number:
        yield number


def tab_to(opened: Window, wanted: str) -> None:
    """Press the tabulator until that has the focus."""
    for _ in range(60):
        opened.page.keyboard.press("Tab")
        if opened.focused() == wanted:
            return
    raise AssertionError(f"{wanted} cannot be reached")


def test_everything_can_be_reached_and_used_by_keyboard(browser: Browser, port: int) -> None:
    with window(browser, port) as opened:
        opened.open("/")
        opened.page.keyboard.press("Tab")
        assert opened.focused() == "Skip to the content"
        opened.page.keyboard.press("Enter")
        opened.page.keyboard.press("Tab")
        assert opened.focused() == "production"
        tab_to(opened, "q")
        opened.page.keyboard.type("MAIL")
        opened.page.keyboard.press("Enter")
        expect(opened.page.locator("tbody th a.name")).to_have_text(["mail-sender"])
        assert opened.page.url.endswith("/?q=MAIL&status=&cluster=")
        tab_to(opened, "mail-sender")
        opened.page.keyboard.press("Enter")
        expect(opened.page.locator("h1 .name")).to_have_text("mail-sender")
        tab_to(opened, "Groups")
        opened.page.keyboard.press("Enter")
        expect(opened.page.locator("h1")).to_have_text("Consumer groups")


def test_what_has_the_focus_can_be_seen(browser: Browser, port: int) -> None:
    with window(browser, port) as opened:
        opened.open("/")
        for _ in range(25):
            opened.page.keyboard.press("Tab")
            outline = opened.page.evaluate(
                "(({outlineStyle, outlineWidth}) => [outlineStyle, parseFloat(outlineWidth)])"
                "(getComputedStyle(document.activeElement))"
            )
            assert outline[0] != "none", opened.focused()
            assert outline[1] >= 1, opened.focused()


def test_a_status_is_chosen_by_its_tally_and_the_address_keeps_it(browser: Browser, port: int) -> None:
    with window(browser, port) as opened:
        opened.open("/?cluster=production")
        opened.page.get_by_role("link", name="ERR").click()
        expect(opened.page.locator("tbody tr")).to_have_count(3)
        assert opened.page.url.endswith("/?status=err&cluster=production")
        assert opened.page.locator("#status").input_value() == "err"
        assert opened.page.locator("#cluster").input_value() == "production"
        opened.page.go_back()
        expect(opened.page.locator("tbody tr")).to_have_count(8)


def test_without_javascript_all_is_there_but_the_refresh(browser: Browser, port: int) -> None:
    with window(browser, port, java_script_enabled=False) as opened:
        opened.open("/")
        assert not opened.page.locator(".refresh").is_visible()
        opened.page.locator("#status").select_option("warn")
        opened.page.locator("#cluster").select_option("production")
        opened.page.get_by_role("button", name="Show").click()
        assert opened.texts("tbody th a.name") == ["search-indexer"]
        opened.page.get_by_role("link", name="search-indexer").click()
        assert len(opened.texts("td.why")) == 6
        opened.page.get_by_role("link", name="orders").first.click()
        assert opened.texts("h1 .name") == ["orders"]


def test_five_thousand_groups_are_paged_by_the_server(browser: Browser, large: int) -> None:
    with window(browser, large, java_script_enabled=False) as opened:
        opened.open("/")
        assert opened.page.locator("tbody tr").count() == 50
        assert opened.texts(".tally .count") == ["500", "0", "4,500", "0"]
        first = opened.texts("tbody th a.name")
        opened.page.get_by_role("link", name="Next").click()
        assert "100 of 5,000 groups" in opened.texts(".pages span")[0]
        assert not set(first) & set(opened.texts("tbody th a.name"))
        assert len(opened.page.content()) < 120_000
        opened.page.locator("#q").fill("4321")
        opened.page.get_by_role("button", name="Show").click()
        assert opened.texts("tbody th a.name") == ["group-4321"]


def of_lags(**lags: int) -> Outcome:
    ends = {name: [100] for name in lags}
    return outcome(
        observation(
            0, {name: group({name: [100 - lag]}) for name, lag in lags.items()}, ends, cluster=SETTINGS.clusters[0].name
        )
    )


def tick(opened: Window) -> None:
    """Let the time until the next refresh pass, by the page's own clock, and wait for what it brings."""
    times = int(opened.page.locator(".refresh").get_attribute("data-times") or 0)
    opened.page.clock.run_for((REFRESH_SECONDS + 2) * 1000)
    expect(opened.page.locator(".refresh")).to_have_attribute("data-times", str(times + 1))


def test_an_open_page_refreshes_itself_and_the_reader_stays_where_he_is(browser: Browser) -> None:
    names = [f"group-{number:02}" for number in range(40)]
    known = Known(of_lags(**{name: 50 - number for number, name in enumerate(names)}))
    with serving(make_app(known, SETTINGS)) as port, window(browser, port, height=500) as opened:
        opened.page.clock.install()
        opened.open("/")
        assert opened.texts("tbody th a.name") == names
        opened.page.locator("#q").fill("half a wo")
        link = opened.page.get_by_role("link", name="group-20")
        link.focus()
        opened.page.evaluate("window.scrollTo(0, 700)")
        scrolled = opened.page.evaluate("window.scrollY")
        assert scrolled > 0
        opened.page.evaluate("document.querySelector('form').marked = true")

        known.outcomes = (of_lags(**{name: 10 + number for number, name in enumerate(names)}),)
        tick(opened)
        assert opened.texts("tbody th a.name") == names[::-1]
        assert opened.focused() == "group-20"
        assert opened.page.evaluate("window.scrollY") == scrolled
        assert opened.page.locator("#q").input_value() == "half a wo"
        assert opened.page.evaluate("document.querySelector('form').marked") is True

        known.outcomes = (of_lags(**{"group-20": 3}),)
        tick(opened)
        assert opened.texts("tbody th a.name") == ["group-20"]
        assert opened.focused() == "group-20"


def test_what_is_being_typed_keeps_its_place_through_a_refresh(browser: Browser) -> None:
    known = Known(of_lags(a=3))
    with serving(make_app(known, SETTINGS)) as port, window(browser, port) as opened:
        opened.page.clock.install()
        opened.open("/")
        opened.page.locator("#q").focus()
        opened.page.keyboard.type("ordrs")
        opened.page.keyboard.press("ArrowLeft")
        opened.page.keyboard.press("ArrowLeft")
        known.outcomes = (of_lags(a=7, b=9),)
        tick(opened)
        expect(opened.page.locator("tbody tr")).to_have_count(2)
        opened.page.keyboard.type("e")
        assert opened.page.locator("#q").input_value() == "orders"


def test_a_page_that_is_paused_or_not_looked_at_asks_for_nothing(browser: Browser) -> None:
    known = Known(of_lags(a=3))
    with serving(make_app(known, SETTINGS)) as port, window(browser, port) as opened:
        opened.page.clock.install()
        opened.open("/")
        opened.page.get_by_role("button", name="Pause").click()
        opened.page.clock.run_for(10 * REFRESH_SECONDS * 1000)
        assert opened.texts(".refresh span") == ["Not refreshed"]
        assert known.asked == 1
        opened.page.reload()
        opened.page.clock.run_for(10 * REFRESH_SECONDS * 1000)
        assert known.asked == 2
        opened.page.get_by_role("button", name="Resume").click()
        expect(opened.page.locator(".refresh")).to_have_attribute("data-times", "1")
        opened.page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
        opened.page.clock.run_for(10 * REFRESH_SECONDS * 1000)
        assert known.asked == 3


def test_a_page_that_can_no_longer_be_refreshed_says_so_and_stays(browser: Browser) -> None:
    with ExitStack() as stack:
        with serving(make_app(Known(of_lags(a=3)), SETTINGS)) as port:
            opened = stack.enter_context(window(browser, port))
            opened.page.clock.install()
            opened.open("/")
        opened.page.clock.run_for((REFRESH_SECONDS + 2) * 1000)
        expect(opened.page.locator(".refresh span")).to_contain_text("The exporter did not answer at")
        assert opened.texts("tbody th a.name") == ["a"]
        opened.complaints.clear()  # the browser's own word on the connection that was refused
