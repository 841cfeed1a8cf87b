"""The pages in a real browser: whether they can be seen, read and trusted, on every screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from exporter.web.app import make_app
from tests.support.browsing import Window, chromium, window
from tests.support.page_scenes import SETTINGS, half_down, some
from tests.support.serving import serving

pytestmark = pytest.mark.real

PAGES = {
    "groups": "/",
    "groups of which some are asked for": "/?q=a&status=err&cluster=production",
    "no group": "/?q=nothing",
    "group": "/clusters/production/groups/fraud-detection",
    "group that nobody is in": "/clusters/production/groups/mail-sender",
    "group with a topic no longer subscribed to": "/clusters/production/groups/warehouse",
    "group without commits": "/clusters/production/groups/just-created",
    "group of a long name": f"/clusters/staging/groups/{'n' * 240}",
    "topic": "/clusters/production/topics/orders",
    "cluster": "/clusters/staging",
    "exporter": "/state",
}
SCREENS = {"desktop": 1280, "small": 1000, "tablet": 820, "phone": 390, "narrowest": 320}
SCRIPT = "/clusters/staging/groups/%3Cscript%3Ealert%281%29%3C%2Fscript%3E"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(make_app(some(), SETTINGS)) as number:
        yield number


def amiss(opened: Window) -> list[str]:
    """What axe-core finds wrong: rules of WCAG 2.2 A and AA, and best practice."""
    found = Axe().run(opened.page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{rule['id']}: {node['html']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_contrast_labels_and_landmarks_are_as_axe_wants_them(browser: Browser, port: int, path: str) -> None:
    with window(browser, port) as opened:
        assert opened.open(path) == 200
        for screen in ("desktop", "phone"):
            opened.page.set_viewport_size({"width": SCREENS[screen], "height": 800})
            for scheme in ("light", "dark"):
                opened.page.emulate_media(color_scheme=scheme)
                assert amiss(opened) == [], f"{screen}, {scheme}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_about_what_is_not_there_are_as_axe_wants_them(browser: Browser, scheme: str) -> None:
    with serving(make_app(half_down(), SETTINGS)) as port, window(browser, port, scheme=scheme) as opened:
        for path, status in {"/": 200, "/clusters/staging/groups/g": 503, "/clusters/production/groups/x": 404}.items():
            assert opened.open(path) == status
            assert amiss(opened) == []
        # The browser itself says so of the two that are not there.
        assert [text for text in opened.complaints if "Failed to load resource" not in text] == []
        opened.complaints.clear()


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_no_page_is_wider_than_the_screen(browser: Browser, port: int, path: str) -> None:
    outside = """[...document.querySelectorAll("main *")]
        .filter((each) => !each.closest("pre, .unseen, thead"))
        .filter((each) => each.getBoundingClientRect().right > window.innerWidth + 1)
        .map((each) => each.outerHTML.slice(0, 200))"""
    with window(browser, port) as opened:
        opened.open(path)
        for screen, width in SCREENS.items():
            opened.page.set_viewport_size({"width": width, "height": 800})
            assert opened.page.evaluate("document.documentElement.scrollWidth") <= width, screen
            assert opened.page.evaluate(outside) == [], screen


def test_nothing_is_asked_of_another_host(browser: Browser, port: int) -> None:
    with window(browser, port) as opened:
        for path in PAGES.values():
            opened.open(path)
        assert {url.split("/")[2] for url in opened.asked} == {f"127.0.0.1:{port}"}
        assert {"page.css", "page.js", "icon.svg"} <= {url.split("/")[-1].split("?")[0] for url in opened.asked}


@pytest.mark.parametrize("javascript", [True, False])
def test_a_group_whose_name_is_a_script_is_shown_and_not_run(browser: Browser, port: int, javascript: bool) -> None:
    with window(browser, port, java_script_enabled=javascript) as opened:
        for path, selector in {"/": "tbody th a.name", "/?q=%3Cscript": "tbody th a.name", SCRIPT: "h1 .name"}.items():
            opened.open(path)
            assert "<script>alert(1)</script>" in opened.texts(selector)
            assert opened.page.locator("script").count() == 1


def test_light_and_dark_follow_what_the_reader_prefers(browser: Browser, port: int) -> None:
    brightness = {}
    for scheme in ("light", "dark"):
        with window(browser, port, scheme=scheme) as opened:
            opened.open("/")
            colour = str(opened.page.evaluate("getComputedStyle(document.body).backgroundColor"))
            brightness[scheme] = sum(int(part) for part in colour.strip("rgb()").split(","))
    assert brightness["light"] > 600
    assert brightness["dark"] < 150


def test_a_status_is_told_by_a_word_and_a_shape_and_not_by_its_colour_alone(browser: Browser, port: int) -> None:
    with window(browser, port) as opened:
        opened.open("/")
        rows = opened.page.locator("tbody tr")
        told = {
            (row.locator(".badge").inner_text(), row.locator(".badge path").get_attribute("d")) for row in rows.all()
        }
        assert {word for word, _ in told} == {"ERR", "WARN", "OK", "NONE"}
        assert len({shape for _, shape in told}) == len(told)


def test_the_window_of_a_partition_is_drawn_and_told_in_words(browser: Browser, port: int) -> None:
    with window(browser, port) as opened:
        opened.open("/clusters/production/groups/mail-sender")
        chart = opened.page.get_by_role("img", name="Over 5 min: committed offset 9,120 to 9,255").first
        assert chart.locator(".commit").count() == 4
        for part in (".end", ".committed", ".silent", ".lag"):
            box = chart.locator(part).bounding_box()
            assert box is not None
            assert box["width"] > 50
        assert opened.texts("td.why")[0].startswith("Has left records waiting at 9,255 for 4 min, and no consumer")
