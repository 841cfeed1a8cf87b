"""Prints how good the verdicts are, Burrow's beside ours; with ``--write`` the documentation says it too."""

from __future__ import annotations

import sys

from tests.accuracy.documented import documented
from tests.accuracy.sets import everything
from tests.accuracy.table import LEGEND, as_text, blocks


def main() -> None:
    scores = everything()
    print("\n\n".join((LEGEND, *map(as_text, blocks(scores)))))
    if "--write" in sys.argv[1:]:
        for page, text in documented(scores).items():
            page.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
