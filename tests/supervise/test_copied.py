"""Copies of a process: they have what it has loaded, and go on with nothing that it had begun."""

from __future__ import annotations

import sys
import textwrap
import threading

import pytest

from framebus.supervise import copied
from tests.conftest import StartChild

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: only Linux has whole copies")

ENDING = """
from framebus.supervise.child_process import Process
from framebus.supervise.copied import Copy
def ending(run, *descriptors):
    process = Process(Copy(run, descriptors))
    select.select([process.descriptor], [], [])
    assert process.ended()
    return process.ending
"""


def program(child: StartChild, code: str, *, stdin: str | None = None) -> str:
    """What a program of one thread prints that copies itself."""
    preamble = "import atexit, os, random, select, signal, sys, threading, time\n" + ENDING
    return child("-c", preamble + textwrap.dedent(code), stdin=stdin).succeed()


@pytest.mark.parametrize(
    ("life", "ending"),
    [
        ("pass", "ended with exit code 0"),
        ("sys.exit()", "ended with exit code 0"),
        ("sys.exit(3)", "ended with exit code 3"),
        ("sys.exit('why')", "ended with exit code 1"),
        ("raise ValueError", "ended with exit code 1"),
        ("os._exit(7)", "ended with exit code 7"),
        ("os.kill(os.getpid(), 9)", "was killed by SIGKILL"),
    ],
)
def test_how_it_ended_is_told(child: StartChild, life: str, ending: str) -> None:
    assert program(child, f"def live(): {life}\nprint(ending(live))") == f"{ending}\n"


@pytest.mark.parametrize(
    ("life", "last", "tracebacks"),
    [("raise ValueError('too late')", "ValueError: too late\n", 1), ("sys.exit('too late')", "too late\n", 0)],
)
def test_why_it_failed_is_printed(child: StartChild, life: str, last: str, tracebacks: int) -> None:
    failed = child("-c", f"import select, sys\n{ENDING}\ndef live(): {life}\nending(live)")
    failed.succeed()
    assert failed.stderr.endswith(last)
    assert failed.tracebacks == tracebacks


def test_it_is_killed_and_reaped(child: StartChild) -> None:
    code = """
        process = Process(Copy(lambda: time.sleep(600), []))
        print(process.ended(), process.ending)
        process.kill()
        process.kill()
        print(process.ended(), process.ending)
    """
    assert program(child, code) == "False runs\nTrue was killed by SIGKILL\n"


def test_one_that_somebody_else_has_reaped_has_ended(child: StartChild) -> None:
    code = """
        process = Process(Copy(lambda: None, []))
        os.waitpid(process.pid, 0)
        print(process.ended())
        process.kill()
    """
    assert program(child, code) == "True\n"


def test_it_ends_as_programs_do_and_ends_nothing_of_its_parents(child: StartChild) -> None:
    """Its threads and what it registered come to their end; no `finally`, no `with`, nothing registered before it."""
    code = """
        atexit.register(print, "the program has ended", flush=True)
        def later():
            time.sleep(0.1)
            print("its thread has ended")
        def live():
            atexit.register(print, "it has ended")
            threading.Thread(target=later).start()
        try:
            print(ending(live))
        finally:
            print("finally, once")
    """
    told = "its thread has ended\nit has ended\nended with exit code 0\nfinally, once\nthe program has ended\n"
    assert program(child, code) == told


def test_what_was_printed_before_is_printed_once(child: StartChild) -> None:
    code = """
        sys.stdout.reconfigure(write_through=False, line_buffering=False)
        print("before")
        ending(lambda: print("it"))
        print("after")
    """
    assert program(child, code) == "before\nit\nafter\n"


def test_it_has_the_descriptors_it_is_given_and_no_others(child: StartChild) -> None:
    """Not even inheritable ones; standard input is empty."""
    code = """
        given, other = os.pipe(), os.pipe()
        os.set_inheritable(other[1], True)
        def opened(descriptor):
            try:
                return os.readlink(f"/proc/self/fd/{descriptor}")
            except FileNotFoundError:
                return None
        ours = {descriptor: opened(descriptor) for descriptor in (*given, *other)}
        def live():
            print([descriptor for descriptor in ours if opened(descriptor) == ours[descriptor]] == [given[1]])
            print(repr(sys.stdin.read()))
        ending(live, given[1])
    """
    assert program(child, code, stdin="for the program") == "True\n''\n"


def test_signals_are_not_handled_as_its_parent_does(child: StartChild) -> None:
    code = """
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT):
            signal.signal(number, lambda number, frame: print("handled"))
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # nohup means it
        signal.set_wakeup_fd(os.pipe2(os.O_NONBLOCK)[1])
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1, signal.SIGINT):
            print(ending(lambda: os.kill(os.getpid(), number)))
        print(signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL)
    """
    endings = "ended with exit code 0", *(f"was killed by {name}" for name in ("SIGTERM", "SIGUSR1", "SIGINT"))
    assert program(child, code).splitlines() == [*endings, "set() True"]


def test_signals_its_parent_had_kept_out_are_kept_out(child: StartChild) -> None:
    code = """
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        print(ending(lambda: os.kill(os.getpid(), signal.SIGTERM)))
        print(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])) == [signal.SIGTERM])
    """
    assert program(child, code) == "ended with exit code 0\nTrue\n"


@pytest.mark.parametrize("drawn", ["random.random()", "numpy.random.random()"])
def test_copies_draw_other_random_numbers_than_each_other(child: StartChild, drawn: str) -> None:
    code = f"""
        import numpy.random
        for _ in range(3):
            ending(lambda: print({drawn}))
    """
    assert len(set(program(child, code).split())) == 3


def test_a_process_of_several_threads_is_not_whole(child: StartChild) -> None:
    code = """
        from framebus.supervise.copied import whole
        print(whole())
        over = threading.Event()
        thread = threading.Thread(target=over.wait)
        thread.start()
        print(whole())
        over.set()
        thread.join()
        while not whole():  # Python is done with it a little before the system
            time.sleep(0.001)
    """
    assert program(child, code) == "True\nFalse\n"


def test_where_there_is_no_telling_nothing_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert threading.active_count() >= 1
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not copied.whole()
