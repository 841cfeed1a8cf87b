"""Text from outside, made safe to stand in one line of a message."""

from __future__ import annotations

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


def quoted(text: str) -> str:
    r"""The text as a JSON string on one line: a ⏎ b becomes ``"a\nb"``, letters of any script stay as they are.

    What does not print is escaped (control characters, line separators, direction marks, lone surrogates), so
    that nothing breaks the line, repaints a terminal or fails to encode; `json.loads` gives the text back.
    """
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def one_line(text: str) -> str:
    """The text without quotes, with what does not print escaped; text that prints stays as it is."""
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    if letter in _SHORT:
        return _SHORT[letter]
    if letter.isprintable():
        return letter
    code = ord(letter)
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    # Beyond the basic plane JSON writes a surrogate pair.
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
