"""Signals that come at an instant: `alarm` and `setitimer`, and waiting for signals until an instant.

Such a signal must come whatever the program does. So the kernel sends it, when the arbiter's word arrives at a
connection that is set up for that.
"""

import _thread
import os

from .arbiter import Line
from .replacing import builtin, lasts


# Commands that `fcntl` has no name for: who gets the signal of a descriptor is a thread.
F_SETOWN_EX, F_OWNER_TID = 15, 0


def change_signal(signal, clock, arbiter):
    import fcntl
    import struct

    line = None
    # When the timer goes off, 0 where it is not set, and the microseconds between that and the next time.
    due, interval = 0, 0

    def announced(by, owner, number):
        """A line whose messages come with a signal: `owner` is the command that sets who gets it, and whom."""
        fcntl.fcntl(by.descriptor, *owner)
        fcntl.fcntl(by.descriptor, fcntl.F_SETSIG, number)
        fcntl.fcntl(by.descriptor, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
        return by

    def gone_off():
        """Takes note of what the arbiter said: the timer goes off again, or no more."""
        nonlocal due
        if line is None or not due or clock.peek() < due:
            return
        line.listen()
        if line.woken:
            due = due + interval if interval else 0
            if due:
                line.ask(due)

    def left():
        gone_off()
        return (due - clock.peek()) / 1e6 if due else 0.0

    def set_timer(seconds, every):
        nonlocal line, due, interval
        before = left(), interval / 1e6
        if line is None:
            line = announced(Line(arbiter.folder), (fcntl.F_SETOWN, os.getpid()), signal.SIGALRM)
            arbiter.lines.append(line)
        line.end()
        due, interval = 0, max(1000, round(every * 1e6)) if every > 0 else 0
        if seconds > 0:
            due = clock.due(seconds)
            line.ask(due)
        return before

    def forget():
        # A forked process has no timers.
        nonlocal line, due, interval
        line, due, interval = None, 0, 0

    arbiter.in_child.append(forget)

    real_setitimer, real_getitimer, real_alarm = signal.setitimer, signal.getitimer, signal.alarm

    def setitimer(which, seconds, interval=0.0):
        if which != signal.ITIMER_REAL or not (lasts(seconds) or seconds == 0) or not (lasts(interval) or interval == 0):
            return real_setitimer(which, seconds, interval)
        return set_timer(seconds, interval)

    def getitimer(which):
        return (left(), interval / 1e6) if which == signal.ITIMER_REAL else real_getitimer(which)

    def alarm(seconds):
        if not isinstance(seconds, int) or seconds < 0:
            return real_alarm(seconds)
        # As the kernel does, anything left counts as a second at least.
        before = set_timer(seconds, 0)[0]
        return max(1, round(before)) if before else 0

    signal.setitimer = builtin(real_setitimer, setitimer)
    signal.getitimer = builtin(real_getitimer, getitimer)
    signal.alarm = builtin(real_alarm, alarm)

    # The program that a process becomes keeps its timer. It may have no hooks, so that one is the kernel's.
    def keeping_timer(real):
        def become(*arguments, **named):
            rest = left()
            if rest:
                real_setitimer(signal.ITIMER_REAL, rest, interval / 1e6)
            try:
                return real(*arguments, **named)
            finally:
                if rest:
                    real_setitimer(signal.ITIMER_REAL, 0)

        return builtin(real, become)

    os.execv, os.execve = keeping_timer(os.execv), keeping_timer(os.execve)

    # A handler of the program is called by one that winds up the timer again. It is shown where the program was.
    real_signal, real_getsignal = signal.signal, signal.getsignal

    class Handler:
        def __init__(self, handler):
            self.handler = handler

        def __call__(self, number, frame):
            if number == signal.SIGALRM:
                gone_off()
            while frame is not None and frame.f_globals.get("__package__") == __package__:
                frame = frame.f_back
            return self.handler(number, frame)

    def inner(handler):
        return handler.handler if isinstance(handler, Handler) else handler

    def set_handler(signalnum, handler):
        if callable(handler) and handler is not signal.default_int_handler:
            handler = Handler(handler)
        return inner(real_signal(signalnum, handler))

    def getsignal(signalnum):
        return inner(real_getsignal(signalnum))

    for function, real in ((set_handler, real_signal), (getsignal, real_getsignal)):
        function.__name__ = function.__qualname__ = real.__name__
        function.__module__, function.__doc__ = real.__module__, real.__doc__
    signal.signal, signal.getsignal = set_handler, getsignal

    # The signal that ends a wait for other signals: none that programs use.
    ended = signal.SIGRTMAX - 1
    real_sigtimedwait = signal.sigtimedwait

    def sigtimedwait(sigset, timeout):
        if not lasts(timeout):
            return real_sigtimedwait(sigset, timeout)
        sigset = set(sigset)
        found = real_sigtimedwait(sigset, 0)
        if found is not None:
            return found
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {ended})
        own = Line(arbiter.folder)
        try:
            thread = struct.pack("ii", F_OWNER_TID, _thread.get_native_id())
            announced(own, (F_SETOWN_EX, thread), ended)
            own.ask(clock.due(timeout))
            while True:
                found = signal.sigwaitinfo(sigset | {ended})
                if found.si_signo != ended:
                    return found
                own.listen()
                if own.woken:
                    return None
        finally:
            own.end()
            own.close()
            while real_sigtimedwait({ended}, 0) is not None:
                pass
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    signal.sigtimedwait = sigtimedwait
