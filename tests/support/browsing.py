"""Debian's Chromium, as somebody in front of a screen uses it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

_ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a screen. While it lasts no event loop can be run in the same thread."""
    executable = shutil.which("chromium")
    assert executable, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@dataclass(slots=True)
class Window:
    """A window of the browser on the pages at a port, and all that it noticed."""

    page: Page
    port: int
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> int:
        """Goes to a path; the status of the answer."""
        answer = self.page.goto(f"http://127.0.0.1:{self.port}{path}")
        assert answer is not None
        return answer.status

    def focused(self) -> str:
        """The text of what has the focus, or its name where it has none."""
        return str(
            self.page.evaluate("document.activeElement.innerText.trim() || document.activeElement.name || ''")
        ).replace("\n", " ")

    def texts(self, selector: str) -> list[str]:
        """The texts of all that the selector finds."""
        return [text.strip() for text in self.page.locator(selector).all_inner_texts()]


@contextmanager
def window(
    browser: Browser, port: int, *, width: int = 1280, height: int = 900, scheme: str = "light", **more: Any
) -> Iterator[Window]:
    """A window of its own, without memory of others. It must not have anything to complain of when it closes."""
    size = {"width": width, "height": height}
    context = browser.new_context(viewport=size, color_scheme=scheme, **more)  # type: ignore[arg-type]
    page = context.new_page()
    opened = Window(page, port)
    page.on("request", lambda request: opened.asked.append(request.url))
    page.on("console", lambda message: opened.complaints.append(message.text))
    page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (opened.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    yield opened
    context.close()
    assert opened.complaints == []
