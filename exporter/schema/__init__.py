"""Reads YAML files by a description of their keys: values, or every mistake with its place. It knows no key itself.

`section` describes keys by the fields of dataclasses, `document` makes a tree of a file, `reading` reads values from
the tree, and `writing` shows values as YAML.
"""

from exporter.schema.mistakes import ConfigError, Mistake, Place, suggestion
from exporter.schema.writing import as_yaml

__all__ = ["ConfigError", "Mistake", "Place", "as_yaml", "suggestion"]
