"""The settings of each row of commits: those of its cluster, or what an override makes of them.

A setting that is the same for all rows is a number, and only one that differs is a column. So the rules, which are
expressions over all rows, cost no more where there are no overrides. Which override takes a row depends on names
alone, so it is found once for a layout of the rows and kept with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from exporter.core.evaluation import OVERRIDABLE, EvaluationSettings
from exporter.core.layout import Layout
from exporter.core.model import Bools, Int64s
from exporter.core.snapshot import GroupTopic

Floats = npt.NDArray[np.float64]

NO_OVERRIDE = -1
"""Stands for the position of an override where none takes a block."""


@dataclass(frozen=True, slots=True)
class RowSettings:
    """The settings of the rows of ``layout`` under those of ``cluster``: each a number or a column.

    They are those of `EvaluationSettings`.
    """

    cluster: EvaluationSettings
    layout: Layout[GroupTopic]
    window: float | Floats
    patience: float | Floats
    min_distance: float | Floats
    intervals: int | Int64s
    allowed_lag: int | Int64s
    minimum_complete: float | Floats
    evaluate: bool | Bools

    def are_for(self, settings: EvaluationSettings, layout: Layout[GroupTopic]) -> bool:
        """True if they would be made from these again."""
        return self.layout is layout and self.cluster == settings


def row_settings(settings: EvaluationSettings, layout: Layout[GroupTopic]) -> RowSettings:
    """The settings of each row of a layout."""
    # The cluster's own stand last, where NO_OVERRIDE finds them.
    each = (*settings.by_override(), settings)
    of_block = np.array(_overrides_of(settings, layout), dtype=np.int64)
    used = np.unique(of_block).tolist() or [NO_OVERRIDE]
    values: dict[str, Any] = {}
    for name in OVERRIDABLE:
        if len({getattr(each[at], name) for at in used}) == 1:
            values[name] = getattr(each[used[0]], name)
        else:
            values[name] = np.repeat(np.array([getattr(one, name) for one in each])[of_block], np.diff(layout.starts))
    return RowSettings(settings, layout, **values)


def _overrides_of(settings: EvaluationSettings, layout: Layout[GroupTopic]) -> list[int]:
    """The position of the override that takes each block, or NO_OVERRIDE."""
    if not settings.overrides:
        return []
    found = (settings.override_of(*key) for key in layout.keys)
    return [NO_OVERRIDE if at is None else at for at in found]


def of_rows(value: float | Floats, rows: Int64s) -> float | Floats:
    """A setting of some rows only."""
    return value[rows] if isinstance(value, np.ndarray) else value


def beside_windows(value: float | npt.NDArray[Any]) -> Any:
    """A setting in the shape that applies to each entry of a row's window."""
    return value[:, None] if isinstance(value, np.ndarray) else value
