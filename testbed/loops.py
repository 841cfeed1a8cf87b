"""Threads that repeat one step, and pass on their errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from testbed.processes import TestbedError

STOP_SECONDS = 15.0


class Loop:
    """Repeats ``step`` in a thread until it returns False, ``lifetime`` seconds are over, or it is stopped.

    ``close`` is called at the end, in that thread.
    """

    def __init__(self, name: str, step: Callable[[], bool], close: Callable[[], None], lifetime: float) -> None:
        self.name = name
        self._step = step
        self._close = close
        self._lifetime = lifetime
        self._stopping = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> Self:
        """Starts the thread."""
        self._thread.start()
        return self

    @property
    def running(self) -> bool:
        """True until the last step is done."""
        return self._thread.is_alive()

    def check(self) -> None:
        """Raises the error that ended the thread, if there is one."""
        if self._error is not None:
            raise TestbedError(f"{self.name} failed: {type(self._error).__name__}: {self._error}") from self._error

    def ask_to_stop(self) -> None:
        """Lets the thread end after its present step, without waiting for it."""
        self._stopping.set()

    def stop(self) -> None:
        """Ends the thread, and raises its error if there is one."""
        self.ask_to_stop()
        self._thread.join(STOP_SECONDS)
        if self.running:
            raise TestbedError(f"{self.name} does not end")
        self.check()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()

    def _run(self) -> None:
        deadline = time.monotonic() + self._lifetime
        try:
            try:
                while not self._stopping.is_set() and time.monotonic() < deadline and self._step():
                    pass
            finally:
                self._close()
        except BaseException as error:
            self._error = error
