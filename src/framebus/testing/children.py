"""Real processes for tests: started, watched by their output, signalled, and always reaped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import psutil

PATIENCE_S = 30.0
"""How long waiting for a line or an exit may take on a busy machine before the test is called hung."""


class Child:
    """A Python process (`-c code`, `-m module`, or a file) in a session of its own, its output captured.

    A carriage return ends a line too, so that status lines can be waited for.
    """

    def __init__(self, *arguments: str | Path, stdin: str | None, cwd: Path | None, env: Mapping[str, str]) -> None:
        self.arguments = [sys.executable, *map(str, arguments)]
        self.killed = False
        self._lines: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self._seen = {"stdout": 0, "stderr": 0}
        self._open = set(self._lines)
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            self.arguments,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", **env},
            start_new_session=True,
        )
        self._threads = [
            self._listen("stdout", self.process.stdout),
            self._listen("stderr", self.process.stderr),
        ]
        if self.process.stdin is not None:
            self.process.stdin.write(stdin or "")
            self.process.stdin.close()

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def stdout(self) -> str:
        """Everything printed so far."""
        return self._text("stdout")

    @property
    def stderr(self) -> str:
        """Everything said on standard error so far."""
        return self._text("stderr")

    @property
    def tracebacks(self) -> int:
        """How many exceptions ended something so far; those that led to another do not count."""
        chained = self.stderr.count("another exception occurred") + self.stderr.count("was the direct cause of")
        return self.stderr.count("Traceback") - chained

    def wait_line(self, pattern: str, timeout: float = PATIENCE_S) -> re.Match[str]:
        """The next line in which `pattern` is found, on either stream, after the last one found there.

        Fails with all output when the process ends, or `timeout` seconds pass, without one.
        """
        deadline = time.monotonic() + timeout
        with self._news:
            while (found := self._next(pattern)) is None:
                remaining = deadline - time.monotonic()
                if not self._open:
                    raise AssertionError(f"ended without printing {pattern!r}\n{self._report()}")
                if remaining <= 0:
                    raise AssertionError(f"did not print {pattern!r} in {timeout} s\n{self._report()}")
                self._news.wait(remaining)
        return found

    def wait(self, timeout: float = PATIENCE_S) -> int:
        """The exit code (negative: the signal), once the process has ended and all its output is here."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"still running after {timeout} s\n{self._report()}") from error
        for thread in self._threads:
            thread.join(timeout)
        return code

    def succeed(self, timeout: float = PATIENCE_S) -> str:
        """Wait for exit code 0; what was printed. Fails with all output otherwise."""
        code = self.wait(timeout)
        assert code == 0, f"exit code {code}\n{self._report()}"
        return self.stdout

    def kill(self) -> None:
        """SIGKILL this process alone, as a crash would end it, and reap it."""
        self.killed = True
        self.process.kill()
        self.wait()

    def stop(self) -> None:
        """Freeze it (SIGSTOP)."""
        self.process.send_signal(signal.SIGSTOP)

    def cont(self) -> None:
        """Let it go on (SIGCONT)."""
        self.process.send_signal(signal.SIGCONT)

    def interrupt(self) -> None:
        """Ctrl-C, as a terminal sends it: to the process and its children."""
        os.killpg(self.pid, signal.SIGINT)

    def terminate(self) -> None:
        """SIGTERM to this process alone."""
        self.process.terminate()

    def finish(self, grace_s: float = 2.0) -> list[str]:
        """Kill what still runs and reap it; the processes it left behind, after `grace_s` seconds to end."""
        if self.process.poll() is None:
            self.cont()
            self.killed = True
            self.process.kill()
        self.process.wait()
        orphans = _still_there(self.pid, grace_s)
        if orphans:
            os.killpg(self.pid, signal.SIGKILL)
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return orphans

    def _listen(self, name: str, stream: IO[str] | None) -> threading.Thread:
        assert stream is not None
        label = f"{name} of {self.pid}"
        thread = threading.Thread(target=self._follow, args=(name, stream), name=label, daemon=True)
        thread.start()
        return thread

    def _follow(self, name: str, stream: IO[str]) -> None:
        for line in stream:
            with self._news:
                self._lines[name].append(line)
                self._news.notify_all()
        with self._news:
            self._open.discard(name)
            self._news.notify_all()

    def _next(self, pattern: str) -> re.Match[str] | None:
        for name, lines in self._lines.items():
            for number, line in enumerate(lines[self._seen[name] :], self._seen[name] + 1):
                if found := re.search(pattern, line.rstrip("\n")):
                    self._seen[name] = number
                    return found
        return None

    def _text(self, name: str) -> str:
        with self._news:
            return "".join(self._lines[name])

    def _report(self) -> str:
        output = "".join(f"--- {name}\n{''.join(lines)}" for name, lines in self._lines.items())
        return f"{' '.join(self.arguments)}\n{output}"


def _still_there(session: int, grace_s: float) -> list[str]:
    """Wait up to `grace_s` seconds for every process of `session` to end; those that did not.

    Whoever started them has ended, so a busy system may not have noted yet that they have, too.
    """
    members = [process for process in psutil.process_iter() if _session(process) == session]
    _, there = psutil.wait_procs(members, timeout=grace_s)
    return [str(process) for process in there if not _over(process)]


def _over(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _session(process: psutil.Process) -> int:
    try:
        return os.getsid(process.pid)
    except OSError:
        return 0
