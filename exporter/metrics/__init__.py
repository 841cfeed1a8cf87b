"""The metrics: the catalogue of families, and how reports become a page.

`catalogue` lists the families and how each reads its numbers, `rows` names the rows they belong to,
`compatibility` has those of other exporters, `text` writes lines, `page` assembles the page.
"""

from exporter.metrics.catalogue import CATALOGUE
from exporter.metrics.page import LastReload, Page, Pages

__all__ = ["CATALOGUE", "LastReload", "Page", "Pages"]
