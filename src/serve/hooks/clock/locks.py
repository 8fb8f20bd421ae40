"""Waiting for other threads until an instant: locks, and with them conditions, events, queues, futures, threads.

Who waits for a lock without a time-out waits in the kernel, as ever. Who waits until an instant hears of releases
by a bell, because there is but one thing that a thread can wait for in the kernel: descriptors.
"""

import _thread

from . import errors
from .replacing import change_type, lasts
from .selecting import watching


class Waiting:
    """The threads that wait until an instant, each for a thing: those for the same one in the order of their coming."""

    def __init__(self, arbiter):
        self.arbiter = arbiter
        self.lines = {}
        # By its methods: `with` would go through the changes made below.
        guard = _thread.RLock()
        self.close, self.open = guard.acquire, guard.release
        arbiter.in_child.extend((self.lines.clear, guard._at_fork_reinit))

    def ring(self, thing):
        """Makes the first one look again."""
        for line in self.lines.get(id(thing), ())[:1]:
            line.ring()

    def until(self, due, thing, attempt):
        """Repeats an attempt until it gives something, or the instant has come."""
        from select import POLLIN

        line = self.arbiter.take()
        bell = watching((line.hang_bell(), POLLIN))
        self.close()
        self.lines.setdefault(id(thing), []).append(line)
        self.open()
        try:
            while True:
                got = attempt()
                if got:
                    return got
                if not line.wait(due, bell):
                    return attempt()
                line.hush()
        finally:
            self.close()
            others = self.lines[id(thing)]
            others.remove(line)
            if not others:
                del self.lines[id(thing)]
            self.open()
            # A ring that came too late for this one was meant for the next.
            self.ring(thing)
            self.arbiter.give(line)


def change_threading(threading, clock, arbiter):
    waiting = Waiting(arbiter)
    waited_for = waiting.lines

    def acquiring(real):
        def acquire(self, blocking=True, timeout=-1):
            if not blocking or not lasts(timeout):
                return real(self, blocking, timeout)
            return real(self, False) or waiting.until(clock.due(timeout), self, lambda: real(self, False))

        return acquire

    def releasing(real):
        def release(self, *args):
            given = real(self, *args)
            if waited_for:
                waiting.ring(self)
            return given

        return release

    changes = {"acquire": acquiring, "acquire_lock": acquiring}
    changes.update(dict.fromkeys(("release", "release_lock", "_release_save", "__exit__"), releasing))
    for kind in (type(_thread.allocate_lock()), _thread.RLock):
        methods = {name: change(kind.__dict__[name]) for name, change in changes.items() if name in kind.__dict__}
        change_type(kind, **methods)

    # A thread's end releases a lock too, but out of sight.
    run_to_its_end, join_really = threading.Thread._bootstrap_inner, threading.Thread.join

    def _bootstrap_inner(self):
        try:
            run_to_its_end(self)
        finally:
            self._doccheck_ended = True
            waiting.ring(self)

    def join(self, timeout=None):
        if not lasts(timeout) or self is threading.current_thread() or not self.is_alive():
            return join_really(self, timeout)
        ended = waiting.until(clock.due(timeout), self, lambda: hasattr(self, "_doccheck_ended"))
        return join_really(self, None if ended else 0)

    join.__doc__ = join_really.__doc__
    threading.Thread._bootstrap_inner, threading.Thread.join = _bootstrap_inner, join
    errors.change_threading(threading)


def change_queue(queue, clock, arbiter):
    waiting = Waiting(arbiter)
    waited_for = waiting.lines
    real_get, real_put = queue.SimpleQueue.get, queue.SimpleQueue.put

    def get(self, block=True, timeout=None):
        if not block or not lasts(timeout):
            return real_get(self, block, timeout)

        def attempt():
            try:
                return (real_get(self, False),)
            except queue.Empty:
                return None

        got = attempt() or waiting.until(clock.due(timeout), self, attempt)
        return got[0] if got else real_get(self, False)

    def put(self, item, block=True, timeout=None):
        real_put(self, item, block, timeout)
        if waited_for:
            waiting.ring(self)

    def put_nowait(self, item):
        put(self, item)

    change_type(queue.SimpleQueue, get=get, put=put, put_nowait=put_nowait)
