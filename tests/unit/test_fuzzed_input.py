"""Whatever comes in is taken or refused: the fuzz targets, on their corpus and on changes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import CORPUS, seeds
from tests.fuzz.targets import TARGETS

INPUTS = {target: sorted((CORPUS / target).iterdir()) for target in TARGETS}


@st.composite
def changed(draw: st.DrawFn, inputs: list[Path]) -> bytes:
    """An input of the corpus with some bytes changed, cut out, or put in; or other bytes altogether."""
    data = bytearray(draw(st.sampled_from(inputs)).read_bytes())
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return draw(st.sampled_from([bytes(data), bytes(data[: draw(st.integers(0, len(data)))])]) | st.binary())


@pytest.mark.parametrize("target", TARGETS)
def test_every_input_of_the_corpus_is_taken_or_refused(target: str) -> None:
    assert INPUTS[target]
    for path in INPUTS[target]:
        TARGETS[target](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_changes_of_the_corpus_are_taken_or_refused(target: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(changed(INPUTS[target]))
    def check(data: bytes) -> None:
        TARGETS[target](data)

    check()


@pytest.mark.parametrize(("target", "name"), [(target, name) for target, name, _ in seeds()])
def test_the_corpus_holds_the_seeds(target: str, name: str) -> None:
    assert (CORPUS / target / name).is_file()
