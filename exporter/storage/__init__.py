"""The retained history on disk, so that it survives a restart."""

from exporter.storage.folder_lock import LOCK, FolderInUse, lock
from exporter.storage.history_files import (
    BYTES_PER_SECOND,
    JOURNAL_SUFFIX,
    MIN_INTERVAL,
    SHARE_OF_TIME,
    SUFFIX,
    WHOLE_SECONDS,
    HistoryFiles,
    HistoryStore,
)
from exporter.storage.whole_history import FORMAT, Damaged, columns_of, history_of, read, write

__all__ = [
    "BYTES_PER_SECOND",
    "FORMAT",
    "JOURNAL_SUFFIX",
    "LOCK",
    "MIN_INTERVAL",
    "SHARE_OF_TIME",
    "SUFFIX",
    "WHOLE_SECONDS",
    "Damaged",
    "FolderInUse",
    "HistoryFiles",
    "HistoryStore",
    "columns_of",
    "history_of",
    "lock",
    "read",
    "write",
]
