"""Rows of the columns, by topic or by group and topic."""

import numpy as np

from exporter.core.layout import Layout


def test_blocks_follow_each_other_row_by_row() -> None:
    layout = Layout.of([("a", 2), ("none", 0), ("b", 1)])

    assert layout.rows == 3
    assert [layout.block(key) for key in ("a", "none", "b", "unknown")] == [slice(0, 2), slice(2, 2), slice(2, 3), None]


def test_a_column_takes_what_fits_and_marks_what_is_missing() -> None:
    layout = Layout.of([("a", 2), ("b", 2), ("c", 1)])

    column = layout.column({"a": np.array([1, 2, 3]), "b": np.array([4]), "unknown": np.array([9])}, missing=-7)

    assert column.tolist() == [1, 2, 4, -7, -7]


def test_rows_of_another_layout_are_found_by_key_and_partition() -> None:
    before = Layout.of([("a", 2), ("gone", 1), ("shrunk", 3)])
    now = Layout.of([("a", 3), ("new", 1), ("shrunk", 1)])

    assert now.rows_of(before).tolist() == [0, 1, -1, -1, 3]


def test_layouts_are_the_same_only_with_the_same_sizes() -> None:
    assert Layout.of([("a", 2)]).same_as(Layout.of([("a", 2)]))
    assert not Layout.of([("a", 2)]).same_as(Layout.of([("a", 1)]))
    assert not Layout.of([("a", 2)]).same_as(Layout.of([("b", 2)]))
    assert not Layout.of([("a", 0), ("b", 1)]).same_as(Layout.of([("a", 1), ("b", 0)]))
