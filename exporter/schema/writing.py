"""Values → YAML: what they are, secrets hidden, and a reference that explains every key."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from exporter.schema.section import Each, Key, Part, Section


def show(part: Part, value: Any) -> Any:
    """A value in the form of the file, ready for YAML or JSON; secrets are hidden, unset values left out."""
    match part:
        case Key():
            return part.kind.show(value)
        case Each(names=None):
            return [show(part.part, each) for each in value]
        case Each():
            return {name: show(part.part, each) for name, each in value.items()}
    fields = ((name, below, getattr(value, name)) for name, below in part.parts.items() if not _is_twin(below))
    # A section that has nothing to show (`tls: {}`) still has a meaning; None is no section.
    shown = ((name, show(below, held)) for name, below, held in fields if isinstance(below, Key) or held is not None)
    return {name: text for name, text in shown if text is not None}


def as_yaml(shown: Any) -> str:
    """What `show` gives as YAML text that can be read again once its secrets are filled in."""
    return yaml.dump(shown, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)


class _Dumper(yaml.SafeDumper):
    """Escapes text that does not print, such as a line end, between quotes."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_Dumper.add_representer(str, _text)


def reference_lines(section: Section, standard: Any, *, indent: int = 0, live: bool = True) -> Iterator[str]:
    """The lines that explain the parts of a section and show each key with its default.

    ``standard`` is the section's default, None where it has none as a whole. What is not ``live`` is commented out.
    """
    for name, part in section.parts.items():
        field = part.into or name if isinstance(part, Key) else name
        default = getattr(standard, field) if standard is not None else section.default(field)
        match part:
            case Section():
                yield ""
                yield from explained(part.doc, indent)
                below = list(reference_lines(part, default, indent=indent + 2, live=live and default is not None))
                # With only comments in it, it would be a key without a value.
                filled = any(line.strip() and not line.lstrip().startswith("#") for line in below)
                yield _line(f"{name}:", indent, live=filled)
                yield from below
                yield ""
            case Each(part=Section() as each, names=None):
                yield ""
                yield from explained(each.doc, indent)
                yield _line(f"{name}:", indent, live=False)
                yield from _as_item(reference_lines(each, None, indent=indent + 4, live=False), indent + 2)
                yield ""
            case Key():
                yield from explained(part.doc, indent)
                shown = None if part.required else part.kind.show(default)
                value = part.example if shown is None else flow(shown)
                yield _line(f"{name}: {value}", indent, live=live and (part.required or shown is not None))


def _as_item(lines: Iterable[str], indent: int) -> Iterator[str]:
    """The lines of a section as an item of a list: its first key, commented out, gets the dash."""
    dash = f"{' ' * indent}#- "
    for line in lines:
        if dash and line.lstrip().startswith("#") and not line.lstrip().startswith("# "):
            yield dash + line.lstrip().removeprefix("#")
            dash = ""
        else:
            yield line


def explained(text: str, indent: int = 0) -> Iterator[str]:
    """The text as comments."""
    for line in textwrap.wrap(text, 110 - indent, break_long_words=False, break_on_hyphens=False):
        yield f"{' ' * indent}# {line}"


def _is_twin(part: Part) -> bool:
    """True for a key ending in ``_file``: another way to set the value of another key."""
    return isinstance(part, Key) and bool(part.into)


def _line(text: str, indent: int, *, live: bool) -> str:
    return " " * indent + text if live else " " * indent + "#" + text


def flow(value: Any) -> str:
    """A value as YAML on one line: ``[kafka-1:9092, kafka-2:9092]``."""
    if value == "":
        return '""'
    text: str = yaml.dump(value, Dumper=_Dumper, default_flow_style=True, width=float("inf"), allow_unicode=True)
    return text.removesuffix("\n...\n").strip()
