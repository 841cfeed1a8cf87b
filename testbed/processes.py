"""Processes that are waited for until they are ready, and stopped by their id."""

from __future__ import annotations

import random
import shlex
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
TAIL_LINES = 40


class TestbedError(Exception):
    """An error in the testbed; the message is for the person who started it."""

    __test__ = False  # pytest collects classes by their name


def free_ports(count: int) -> list[int]:
    """Free TCP ports on loopback, all different.

    They lie below the ports that the system hands to outgoing connections: a client that keeps trying a stopped
    server's port must not get that port for its own end, or the server could not use it again.
    """
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    candidates = range(10_000, first_outgoing) if first_outgoing > 12_000 else range(20_000, 65_536)
    ports: list[int] = []
    with ExitStack() as held:
        for port in random.sample(candidates, len(candidates)):
            listener = held.enter_context(socket.socket())
            try:
                listener.bind((LOOPBACK, port))
            except OSError:
                continue
            ports.append(port)
            if len(ports) == count:
                return ports
    raise TestbedError(f"fewer than {count} TCP ports are free on {LOOPBACK}")


def wait_until(condition: Callable[[], bool], seconds: float, what: str, interval: float = 0.05) -> None:
    """Returns as soon as the condition holds.

    Raises:
        TestbedError: it did not within ``seconds``; the message contains ``what`` was waited for.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TestbedError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(interval)


class Process:
    """A command that runs until it is stopped; what it prints goes to the file ``log``. ``env`` None: our own."""

    def __init__(self, name: str, command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None):
        self.name = name
        self.log = log
        self._command = [str(word) for word in command]
        self._env = env
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Starts the command; if this process is killed, the kernel kills the command too."""
        if threading.current_thread() is not threading.main_thread():
            # The kernel does so when the thread that started the command ends, not only when this process does.
            raise TestbedError(f"{self.name} must be started by the main thread, not {threading.current_thread().name}")
        setpriv = shutil.which("setpriv")
        guard = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
        with self.log.open("ab") as log:
            # A session of its own, so that Ctrl-C reaches only this process, which stops the others in order.
            self._running = subprocess.Popen(  # noqa: S603 - the command is the testbed's own
                [*guard, *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._env,
                start_new_session=True,
            )
        return self

    @property
    def pid(self) -> int:
        """The process id."""
        return self._started().pid

    @property
    def exit_code(self) -> int | None:
        """The exit code (negative: the signal that ended it); None while it runs."""
        return self._started().poll()

    @property
    def running(self) -> bool:
        """True from the start until it has ended."""
        return self._running is not None and self._running.poll() is None

    def wait_ready(self, condition: Callable[[], bool], seconds: float) -> Self:
        """Returns as soon as the condition holds; stops the process and shows its log if it does not in time."""

        def ready_or_ended() -> bool:
            return not self.running or condition()

        try:
            wait_until(ready_or_ended, seconds, f"{self.name} to be ready")
            if not self.running:
                raise TestbedError(f"{self.name} ended by itself with exit code {self.exit_code}")
        except TestbedError as error:
            self.stop()
            raise TestbedError(f"{error}\n{shlex.join(self._command)}\n{self.tail()}") from None
        except BaseException:
            self.stop()
            raise
        return self

    def wait_end(self, seconds: float) -> int:
        """Returns the exit code once the process has ended by itself."""
        try:
            return self._started().wait(seconds)
        except subprocess.TimeoutExpired:
            raise TestbedError(f"{self.name} still runs after {seconds:g} s\n{self.tail()}") from None

    def signal(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        self._started().send_signal(number)

    def freeze(self) -> None:
        """Halts it: it keeps its connections, and answers nothing until `thaw`."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it go on after `freeze`."""
        self.signal(signal.SIGCONT)

    def stop(self, seconds: float = 15.0) -> None:
        """Ends it: by SIGTERM, then by SIGKILL. Does nothing if it has ended, or never started."""
        if self._running is None or not self.running:
            return
        self.signal(signal.SIGTERM)
        self.thaw()
        try:
            self._running.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Ends it by SIGKILL."""
        self.signal(signal.SIGKILL)
        self._started().wait()

    def tail(self) -> str:
        """The last lines that it printed."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  {self.name} | {line}" for line in lines[-TAIL_LINES:])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._running is None:
            raise TestbedError(f"{self.name} was never started")
        return self._running
