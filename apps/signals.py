"""Listens to SIGINT and SIGTERM from the start of an app to its end.

The first signal stops the training as soon as nothing would be lost, with exit code 0; the second
one ends the process at once, with 128 + its number. Two listeners share the work, as Python itself
looks at signals only between two of its own instructions, in the main thread, and TensorFlow may
stay inside C++ for minutes:

- A thread reads the numbers of the signals, which the operating system's own handler writes into a
  socket (`signal.set_wakeup_fd`), whatever the main thread is doing. It says at once that the first
  one was heard, and ends the process at the second.
- Python's handler, in the main thread, obeys the first one. Between rounds of a training there is
  something to save: it only notes that it was asked, and `StopOnRequest` saves and stops after the
  step. Before the first round and after the last checkpoint there is not: it ends the process by
  `Stopped`, wherever it is, as Ctrl-C ends other programs. What is being written then is a file
  that appears whole or not at all.

Several workers must stop at the same place, or the others would wait for ever. Once they have met,
the handler notes only, and `StopOnRequest` asks them all: before the first round, after each and at
the end.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
BEFORE = "before training; nothing to save."


class Stopped(SystemExit):
    """The end, with code 0, of a process that was asked to stop.

    Args:
        place: where it stopped and what was saved, the end of a sentence.
    """

    def __init__(self, place: str) -> None:
        """Keep the place."""
        super().__init__(0)
        self.place = place


class Listener:
    """What the main thread knows of the signals.

    Attributes:
        asked: bool, whether there was one.
        place: str, where a signal may end the process just now, for `Stopped`; None where there
            is something to save first.
        alone: bool, whether no other worker waits for this process.
        ending: `Stopped` that `hear` raised, or None.
    """

    def __init__(self) -> None:
        """Begin before the training."""
        self.asked, self.alone = False, True
        self.place: str | None = BEFORE
        self.ending: Stopped | None = None
        self._said = threading.Event()

    def hear(self, number: int, frame: FrameType | None) -> None:
        """Take the first signal down, and obey where nothing is to be saved.

        Args:
            number: the signal's.
            frame: where it met the main thread.

        Raises:
            Stopped: if a signal may end the process just now.
        """
        first, self.asked = not self.asked, True
        if first and self.alone and self.place is not None:
            self._said.wait(1.0)  # seconds: "stopping" is said before "stopped"
            self.ending = Stopped(self.place)
            raise self.ending

    def read(self, numbers: socket.socket) -> None:
        """Answer the first signal, obey the second one; the body of the thread.

        Args:
            numbers: socket from which the signals' numbers come, until its other end is closed.
        """
        with numbers:
            while number := numbers.recv(1):
                if number[0] not in SIGNALS:
                    continue
                name = signal.Signals(number[0]).name
                if self._said.is_set():
                    print(f"{name} again: ending at once.", file=sys.stderr, flush=True)
                    os._exit(128 + number[0])
                print(
                    f"{name}: stopping once all is saved; once more ends at once.",
                    file=sys.stderr,
                    flush=True,
                )
                self._said.set()


_deaf = Listener()
_current = _deaf


def current() -> Listener:
    """Return the listener of this process; outside of `listening` one that never hears.

    Returns:
        `Listener`.

    Example:
        >>> current().asked
        False
    """
    return _current


def listen_again() -> None:
    """Take the signals back, where there is a listener, from C++ that took them."""
    if _current is not _deaf:
        for number in SIGNALS:
            signal.signal(number, _current.hear)


@contextlib.contextmanager
def listening() -> Iterator[Listener]:
    """Listen to signals in a block, and say where it was stopped. Inside another, do nothing.

    Signals reach the main thread only; in another one, nothing is heard.

    Yields:
        `Listener`.

    Raises:
        Stopped: if the block was stopped.

    Example:
        >>> with listening() as listener:
        ...     listener is current()
        True
    """
    global _current
    if _current is not _deaf or threading.current_thread() is not threading.main_thread():
        yield _current
        return
    listener = Listener()
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    thread = threading.Thread(target=listener.read, args=(ours,), daemon=True)
    thread.start()
    awake = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    _current, before = listener, {}
    try:
        for number in SIGNALS:
            before[number] = signal.signal(number, listener.hear)
        yield listener
    except BaseException as error:
        # C++ that Python calls and that calls Python, as imports do, makes other errors of it.
        stop = error if isinstance(error, Stopped) else listener.ending
        if stop is None:
            raise
        print(f"Stopped {stop.place}", flush=True)
        raise stop from None
    finally:
        listener.place = None
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(awake)
        theirs.close()
        thread.join()
        _current = _deaf
