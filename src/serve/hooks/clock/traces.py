"""Keeps the frames of this package out of tracebacks: programs that print them show what they show without it."""

import os

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def own(frame):
    return frame.f_code.co_filename.startswith(HERE)


def without_own(error, seen=None):
    """Takes the frames out of an exception's traceback, and out of those of its causes."""
    seen = set() if seen is None else seen
    while isinstance(error, BaseException) and id(error) not in seen:
        seen.add(id(error))
        trace = error.__traceback__
        while trace is not None and own(trace.tb_frame):
            trace = trace.tb_next
        error.__traceback__ = trace
        while trace is not None:
            following = trace.tb_next
            while following is not None and own(following.tb_frame):
                following = following.tb_next
            trace.tb_next = following
            trace = following
        without_own(error.__cause__, seen)
        for one in getattr(error, "exceptions", ()):
            without_own(one, seen)
        error = error.__context__


def change_traceback(traceback, clock, arbiter):
    """Where a program prints exceptions it caught."""

    def change(name):
        real = getattr(traceback, name, None)

        def walk(trace):
            for found in real(trace):
                if not own(found[0]):
                    yield found

        if real is not None:
            walk.__name__, walk.__doc__ = name, real.__doc__
            setattr(traceback, name, walk)

    change("walk_tb")
    change("_walk_tb_with_full_positions")
