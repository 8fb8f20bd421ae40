"""What time it is: words that all processes of the page share, and this process's own last reading.

All instants and durations inside this package are whole microseconds.
"""

import _thread
import mmap
import os

# What the monotonic clocks show at the world's first instant: that of a machine that has been up for a while.
UPTIME = 100_000_000_000


class Clock:
    """The clock. Each reading moves it a little, so that no two readings are equal and a loop on the clock ends."""

    def __init__(self, path, settle, sleep):
        """`settle` waits until the arbiter has moved the clock for who slept out of the hooks' reach and has woken, `sleep`
        until an instant."""
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        # The arbiter's instant, what processes have published, the world's first instant, and how many sleep out of the
        # hooks' reach.
        words = memoryview(mmap.mmap(file, 32)).cast("q")
        os.close(file)
        # Taken by its methods: `with` would go through the changes that `locks` makes. A signal's handler may read too.
        guard = _thread.RLock()
        acquire, release = guard.acquire, guard.release
        start = words[2]
        last, base, count = 0, words[0], 0
        turned, turns = words[0], 0

        def peek():
            """The time, without moving it."""
            if words[3]:
                settle()
            return max(words[0], words[1], last)

        def read():
            """The time, which moves by that."""
            nonlocal last, base, count
            if words[3]:
                settle()
            acquire()
            try:
                now = max(words[0], words[1], last)
                if base != words[0]:
                    base, count = words[0], 0
                count += 1
                if count <= 10_000:
                    last = now + 1
                elif count <= 100_000:
                    last = now + 10
                else:
                    last = now + (100 if count <= 1_000_000 else 1000)
                if last // 1000 != now // 1000 and words[1] < last:
                    words[1] = last
                return last
            finally:
                release()

        def turn():
            """Somebody looks whether something has happened, and does not wait.

            Who does nothing else waits for that all the same, so he sleeps a little each time.
            """
            nonlocal turned, turns
            if turned != words[0]:
                turned, turns = words[0], 0
            turns += 1
            if turns > 10_000:
                sleep(self.due(0.001 if turns <= 20_000 else 0.01))
                turned = words[0]

        def publish():
            """Shows others the last reading, which they otherwise learn of in whole milliseconds.

            Called before another process begins: its time must not lie before that of the one that begins it.
            """
            if words[1] < last:
                words[1] = last

        self.peek, self.read, self.turn, self.publish = peek, read, turn, publish
        # A thread that is gone after a fork may have been reading.
        self.begin_anew = guard._at_fork_reinit
        self.since_boot = UPTIME - start

    def due(self, seconds):
        """The instant that ends a wait of so many seconds from now: a whole millisecond, and never too early.

        Durations are often differences of floats, so what is less than a microsecond is noise.
        """
        return -(-(self.peek() + max(1, round(seconds * 1e6))) // 1000) * 1000
