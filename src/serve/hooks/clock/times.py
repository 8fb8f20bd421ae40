"""Readings of the clock, and sleeping: `time` and `datetime`."""

from _operator import index
from sys import modules, version_info

from .replacing import builtin, change_type


def change_time(time, clock, arbiter):
    read, since_boot = clock.read, clock.since_boot
    real_sleep = time.sleep

    def sleep(seconds):
        if not isinstance(seconds, float):
            seconds = index(seconds)
        if not 0 < seconds < 9e9:
            clock.turn()
            # Yields, or says what is wrong with the number.
            return real_sleep(seconds)
        arbiter.sleep(clock.due(seconds))

    def wall():
        return read() / 1e6

    def wall_ns():
        return read() * 1000

    def monotonic():
        return (read() + since_boot) / 1e6

    def monotonic_ns():
        return (read() + since_boot) * 1000

    new = {
        "sleep": sleep,
        "time": wall,
        "time_ns": wall_ns,
        "monotonic": monotonic,
        "monotonic_ns": monotonic_ns,
        "perf_counter": monotonic,
        "perf_counter_ns": monotonic_ns,
    }

    # What the clocks of processes and threads show is time spent by processors: that is real.
    def clocks(*names):
        return {getattr(time, name) for name in names if hasattr(time, name)}

    walls = clocks("CLOCK_REALTIME", "CLOCK_TAI")
    monotonics = clocks("CLOCK_MONOTONIC", "CLOCK_MONOTONIC_RAW", "CLOCK_BOOTTIME", "CLOCK_UPTIME_RAW")

    def of(original, wall, monotonic):
        def clock_gettime(clk_id):
            return wall() if clk_id in walls else monotonic() if clk_id in monotonics else original(clk_id)

        return clock_gettime

    new["clock_gettime"] = of(time.clock_gettime, wall, monotonic)
    new["clock_gettime_ns"] = of(time.clock_gettime_ns, wall_ns, monotonic_ns)

    def from_now(original):
        def convert(seconds=None):
            return original(wall() if seconds is None else seconds)

        return convert

    for name in ("localtime", "gmtime", "ctime"):
        new[name] = from_now(getattr(time, name))
    asctime, strftime, localtime = time.asctime, time.strftime, new["localtime"]
    new["asctime"] = lambda *given: asctime(*given or (localtime(),))
    new["strftime"] = lambda format, *given: strftime(format, *given or (localtime(),))

    replaced = {}
    for name, call in new.items():
        original = getattr(time, name)
        replaced[id(original)] = builtin(original, call)
        setattr(time, name, replaced[id(original)])
    # A `.pth` file may have loaded modules by now, and those may have taken functions out of `time`.
    for module in list(modules.values()):
        for name, value in list(vars(module).items()) if type(module) is type(time) else ():
            if id(value) in replaced:
                setattr(module, name, replaced[id(value)])


def change_datetime(datetime, clock, arbiter):
    read = clock.read
    moment = datetime.datetime
    fromtimestamp = moment.__dict__["fromtimestamp"]
    utc = datetime.timezone.utc

    # The float of a reading is exact to less than half a microsecond.
    def now(cls, tz=None):
        return fromtimestamp.__get__(None, cls)(read() / 1e6, tz)

    def utcnow(cls):
        if version_info >= (3, 12):
            from _warnings import warn

            warn(
                "datetime.datetime.utcnow() is deprecated and scheduled for removal in a future version. "
                "Use timezone-aware objects to represent datetimes in UTC: datetime.datetime.now(datetime.UTC).",
                DeprecationWarning,
                2,
            )
        return fromtimestamp.__get__(None, cls)(read() / 1e6, utc).replace(tzinfo=None)

    def today(cls):
        return cls.fromtimestamp(read() / 1e6)

    change_type(moment, now=classmethod(now), utcnow=classmethod(utcnow))
    change_type(datetime.date, today=classmethod(today))
