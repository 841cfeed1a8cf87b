"""What the exporter tells Prometheus: the catalogue of families, and reports turned into a page.

`catalogue` says which families there are and how each reads its numbers, `rows` names the rows they belong to,
`text` writes lines, `page` puts the page together.
"""

from exporter.metrics.catalogue import CATALOGUE
from exporter.metrics.page import Page, Pages

__all__ = ["CATALOGUE", "Page", "Pages"]
