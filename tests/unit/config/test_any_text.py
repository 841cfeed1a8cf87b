"""Whatever a file holds, it is settings or mistakes, and never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.config import load
from exporter.config.loading import FILE
from exporter.schema import ConfigError


def never_a_traceback(folder: Path, text: str) -> None:
    path = folder / "fuzz.yml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    told = None
    try:
        load(str(path), environment={})
    except ConfigError as error:
        told = error
    if told is not None:
        assert len(str(told).splitlines()) == len(told.mistakes) > 0


FUZZ = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WORDS = sorted({word for path in FILE.paths() for word in path.split(".")} | {"", "1", "-1", "a:1", "PLAIN", "/", "("})


@FUZZ
@given(text=st.text() | st.text("{}[]:,- \n#&*!|>'\"%@`?ab1~<=\\\t"))
def test_no_text_whatever_yields_a_traceback(tmp_path: Path, text: str) -> None:
    never_a_traceback(tmp_path, text)


@FUZZ
@given(
    tree=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(WORDS),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
        max_leaves=30,
    )
)
def test_no_tree_of_known_words_yields_a_traceback(tmp_path: Path, tree: object) -> None:
    never_a_traceback(tmp_path, json.dumps(tree))
