"""Takes the pictures of the pages that the documentation shows, from the scenes that the tests look at.

`python -m tools.page_pictures` writes `docs/images/page-*.png`; it needs the development tools and Debian's Chromium.
"""

from __future__ import annotations

from pathlib import Path

from exporter.web.app import make_app
from tests.support.browsing import chromium, window
from tests.support.page_scenes import SETTINGS, Known, everything, of
from tests.support.serving import serving

ROOT = Path(__file__).resolve().parent.parent
PICTURES = (
    ("groups", "/", 1200, 800, "light"),
    ("group", "/clusters/production/groups/fraud-detection", 1200, 800, "dark"),
    ("group-phone", "/clusters/production/groups/mail-sender", 390, 1000, "light"),
    ("topic", "/clusters/production/topics/payments", 1200, 610, "light"),
)


def main() -> None:
    """Writes all pictures."""
    app = make_app(Known(of(everything())), SETTINGS)
    with serving(app) as port, chromium() as browser:
        for name, path, width, height, scheme in PICTURES:
            with window(browser, port, width=width, height=height, scheme=scheme) as opened:
                opened.open(path)
                opened.page.screenshot(path=ROOT / "docs" / "images" / f"page-{name}.png")


if __name__ == "__main__":
    main()
