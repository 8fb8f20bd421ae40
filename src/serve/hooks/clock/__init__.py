"""The world's virtual clock in this interpreter.

Time stands still while code runs. doccheck's arbiter moves it, from one event to the next, when every process of the
page is at rest: whoever sleeps asks to be woken at an instant, and every time-out is such an instant too.

Loaded by `sitecustomize` before the program starts. `time` is changed at once, other modules when the program
imports them, by the file of this package that is named for the concern.
"""

import os
import sys
import time

from . import beginning, errors, times
from .arbiter import Arbiter
from .reading import Clock

# What the arbiter and all processes of the page share.
arbiter = Arbiter(os.environ["DOCCHECK_CLOCK"])
clock = Clock(os.path.join(os.environ["DOCCHECK_CLOCK"], "now"), arbiter.settle, arbiter.sleep)

# Which modules are changed after they are loaded, and where.
CHANGED = {
    "threading": "locks.change_threading",
    "_queue": "locks.change_queue",
    "select": "selecting.change_select",
    "selectors": "selecting.change_selectors",
    "socket": "sockets.change_socket",
    "ssl": "sockets.change_ssl",
    "signal": "signals.change_signal",
    "datetime": "times.change_datetime",
    "_posixsubprocess": "beginning.change_posixsubprocess",
    "subprocess": "processes.change_subprocess",
    "multiprocessing.connection": "processes.change_connection",
    "multiprocessing.synchronize": "processes.change_synchronize",
    "asyncio.events": "loops.change_events",
    "asyncio.base_events": "loops.change_base_events",
    "uvloop": "loops.change_uvloop",
    "random": "chance.change_random",
    "uuid": "chance.change_uuid",
    "socketserver": "servers.change_socketserver",
    "uvicorn.server": "servers.change_uvicorn",
    "traceback": "traces.change_traceback",
}


def install():
    """Changes what is there already. Gives the functions that change other modules, by their names."""
    times.change_time(time, clock, arbiter)
    beginning.change_os(os, clock, arbiter)
    errors.change_sys(sys, clock, arbiter)
    _hide(times)
    _hide(sys.modules[Arbiter.__module__])
    return {name: _later(place) for name, place in CHANGED.items()}


def _hide(file):
    """Has pytest leave out the file's frames, as `traces` has others do."""
    file.__tracebackhide__ = True


def _later(place):
    def change(module):
        name, _, function = place.partition(".")
        # Kept compiled for the next process, in the run's own folder: to compile takes longer than all else.
        kept, sys.dont_write_bytecode = sys.dont_write_bytecode, False
        try:
            file = __import__(__name__ + "." + name, fromlist=[function])
        finally:
            sys.dont_write_bytecode = kept
        _hide(file)
        getattr(file, function)(module, clock, arbiter)

    return change
