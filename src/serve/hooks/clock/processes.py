"""Waiting for other processes until an instant: `subprocess`, and the connections and locks of `multiprocessing`."""

import os

from .replacing import lasts
from .selecting import watching


def change_subprocess(subprocess, clock, arbiter):
    from select import POLLIN

    real_wait = subprocess.Popen._wait

    # The module looks twenty times a second. In virtual time that is twenty events for nothing, and an end seen late.
    def _wait(self, timeout):
        if not lasts(timeout) or self.poll() is not None:
            return real_wait(self, timeout)
        due = clock.due(timeout)
        try:
            process = os.pidfd_open(self.pid)
        except OSError:
            return real_wait(self, timeout)
        try:
            if not arbiter.wait(due, watching((process, POLLIN))):
                raise subprocess.TimeoutExpired(self.args, timeout)
        finally:
            os.close(process)
        return real_wait(self, None)

    if hasattr(os, "pidfd_open"):
        subprocess.Popen._wait = _wait


def change_connection(connection, clock, arbiter):
    """The threads of a pool look for work as often as they turn, and while a process ends they turn without a pause.

    The module's own wait reads the clock each time. If that moved it, it would tell how often they turned.
    """
    from selectors import EVENT_READ

    def wait(object_list, timeout=None):
        with connection._WaitSelector() as selector:
            for awaited in object_list:
                selector.register(awaited, EVENT_READ)
            return [key.fileobj for key, _ in selector.select(timeout)]

    real_wait = connection.wait
    wait.__module__, wait.__doc__ = real_wait.__module__, real_wait.__doc__
    wait.__qualname__ = real_wait.__qualname__
    connection.wait = wait


def change_synchronize(synchronize, clock, arbiter):
    """Who waits until an instant listens at a FIFO that bears the lock's name; who releases it says so there."""
    from itertools import count
    from select import POLLIN

    kind = synchronize.SemLock
    really_make_methods, really_exit = kind._make_methods, kind.__exit__
    numbers = count()

    def path(name):
        return os.path.join(arbiter.folder, "released-" + name.strip("/").replace("/", "-"))

    def say(fifo):
        try:
            descriptor = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return  # Nobody listens.
        try:
            os.write(descriptor, b"\0")
        except OSError:
            pass
        finally:
            os.close(descriptor)

    def _make_methods(self):
        really_make_methods(self)
        really_acquire, really_release = self.acquire, self.release
        # Locks that only forked processes share have no name.
        fifo = path(self._semlock.name or "%d-%d" % (os.getpid(), next(numbers)))

        def acquire(block=True, timeout=None):
            if not block or not lasts(timeout):
                return really_acquire(block, timeout)
            if really_acquire(False):
                return True
            due = clock.due(timeout)
            try:
                os.mkfifo(fifo, 0o600)
            except FileExistsError:
                pass
            descriptor = os.open(fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            watched = watching((descriptor, POLLIN))
            try:
                while not really_acquire(False):
                    if not arbiter.wait(due, watched):
                        return really_acquire(False)
                    try:
                        os.read(descriptor, 1)
                    except BlockingIOError:
                        pass
                return True
            finally:
                os.close(descriptor)

        def release():
            really_release()
            say(fifo)

        self.acquire, self.release, self._doccheck_fifo = acquire, release, fifo

    def __exit__(self, *args):
        really_exit(self, *args)
        say(self._doccheck_fifo)

    kind._make_methods, kind.__exit__ = _make_methods, __exit__
