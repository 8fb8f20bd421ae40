"""Waiting for descriptors until an instant: `select` and `selectors`."""

from .replacing import builtin, change_type, lasts

# What `select` had before it was changed: the maker of poll objects, and their method.
_new, _poll = None, None


def watching(*watched):
    """What `Line.wait` needs to watch descriptors, each given with the events that are awaited."""
    import select  # Loading it changes it, and that fills in the above.

    def poll(own):
        polled = _new()
        for descriptor, events in watched:
            polled.register(descriptor, events)
        return _together(polled, own, select.POLLIN)

    return poll


def _watching_all_of(polled):
    """The same for what a poll object of the program watches."""
    import select

    return lambda own: _together(polled, own, select.POLLIN)


def _together(polled, own, events):
    polled.register(own, events)
    try:
        found = _poll(polled, None)
    finally:
        polled.unregister(own)
    ready = [pair for pair in found if pair[0] != own]
    return ready, len(ready) < len(found)


def change_select(select, clock, arbiter):
    global _new, _poll
    real_select = select.select
    _new, _poll = select.poll, type(select.poll()).poll
    real_poll = _poll

    def poll(self, *timeout):
        if not timeout or not lasts(timeout[0]):
            return real_poll(self, *timeout)
        return real_poll(self, 0) or arbiter.wait(clock.due(timeout[0] / 1000), _watching_all_of(self))

    change_type(type(select.poll()), poll=poll)

    def select_until(rlist, wlist, xlist, *timeout):
        if timeout and timeout[0] == 0:
            clock.turn()
        if not timeout or not lasts(timeout[0]):
            return real_select(rlist, wlist, xlist, *timeout)
        rlist, wlist, xlist = list(rlist), list(wlist), list(xlist)
        found = real_select(rlist, wlist, xlist, 0)

        def blocking(own):
            nonlocal found
            readable, writable, special = real_select([*rlist, own], wlist, xlist)
            # Those that are ready come in the order in which they were given.
            spoken = bool(readable) and readable[-1] is own
            found = (readable[:-1] if spoken else readable), writable, special
            return any(found), spoken

        if not any(found):
            arbiter.wait(clock.due(timeout[0]), blocking)
        return found

    select.select = builtin(real_select, select_until)

    if hasattr(select, "epoll"):
        real_epoll = select.epoll.poll

        def poll_epoll(self, timeout=None, maxevents=-1):
            if not lasts(timeout):
                return real_epoll(self, timeout, maxevents)
            due, itself = clock.due(timeout), watching((self.fileno(), select.POLLIN))
            while True:
                ready = real_epoll(self, 0, maxevents)
                if ready or not arbiter.wait(due, itself):
                    return ready

        change_type(select.epoll, poll=poll_epoll)


def change_selectors(selectors, clock, arbiter):
    """Selectors round time-outs up to whole milliseconds, differences of floats included: a wait would be late."""
    import select

    def change(selector, watched):
        real = selector.select

        def select_until(self, timeout=None):
            if timeout == 0:
                clock.turn()
            if not lasts(timeout):
                return real(self, timeout)
            due = clock.due(timeout)
            while True:
                ready = real(self, 0)
                if ready or not arbiter.wait(due, watched(self)):
                    return ready

        select_until.__name__, select_until.__doc__ = "select", real.__doc__
        select_until.__qualname__ = selector.__qualname__ + ".select"
        selector.select = select_until

    if hasattr(selectors, "EpollSelector"):
        change(selectors.EpollSelector, lambda self: watching((self.fileno(), select.POLLIN)))
    if hasattr(selectors, "PollSelector"):
        change(selectors.PollSelector, lambda self: _watching_all_of(self._selector))
