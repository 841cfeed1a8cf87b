"""Reads YAML files by a description of their keys; it knows none of the keys itself."""
