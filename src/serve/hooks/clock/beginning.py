"""Processes that begin other processes publish the time first: it must not lie before theirs in those."""

from .replacing import builtin


def change_os(os, clock, arbiter):
    os.register_at_fork(before=clock.publish, after_in_child=clock.begin_anew)
    os.register_at_fork(after_in_child=arbiter.begin_anew)
    publish_before(os, ("system", "posix_spawn", "posix_spawnp"), clock)


def change_posixsubprocess(module, clock, arbiter):
    publish_before(module, ("fork_exec",), clock)


def publish_before(module, names, clock):
    """For functions that begin a process, but not by a fork that Python tells of."""

    def publishing(begin):
        def begin_process(*args, **kwargs):
            clock.publish()
            return begin(*args, **kwargs)

        return builtin(begin, begin_process)

    for name in names:
        if hasattr(module, name):
            setattr(module, name, publishing(getattr(module, name)))
