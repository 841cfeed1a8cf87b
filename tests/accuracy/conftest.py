"""The scores on every set, worked out once for all tests."""

from __future__ import annotations

import pytest

from tests.accuracy.sets import Scores, everything


@pytest.fixture(scope="session")
def scores() -> dict[str, dict[str, Scores]]:
    return everything()
