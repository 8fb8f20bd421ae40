"""`asyncio`. Its waits go through selectors; here is what is particular to event loops."""

from itertools import count


def change_events(events, clock, arbiter):
    numbers = count()

    class TimerHandle(events.TimerHandle):
        """A timer that comes after those that were set earlier for the same instant, which the clock makes common."""

        __slots__ = ("_doccheck_number",)
        __doc__ = events.TimerHandle.__doc__

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self._doccheck_number = next(numbers)

        def __lt__(self, other):
            if self._when == getattr(other, "_when", None) and isinstance(other, TimerHandle):
                return self._doccheck_number < other._doccheck_number
            return super().__lt__(other)

    TimerHandle.__module__, TimerHandle.__qualname__ = events.TimerHandle.__module__, "TimerHandle"
    events.TimerHandle = TimerHandle


def change_base_events(base_events, clock, arbiter):
    peek, since_boot = clock.peek, clock.since_boot

    def time(self):
        # Loops ask for the time whenever they turn. If that moved it, it would tell how often they turned.
        return (peek() + since_boot) / 1e6

    time.__doc__ = base_events.BaseEventLoop.time.__doc__
    base_events.BaseEventLoop.time = time


def change_uvloop(uvloop, clock, arbiter):
    """Its loops wait in C, where nothing can be changed. They stand in for asyncio's, so those can for them."""
    import asyncio

    uvloop.Loop = asyncio.SelectorEventLoop
