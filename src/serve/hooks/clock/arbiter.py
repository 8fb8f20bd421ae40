"""The conversation with doccheck's arbiter, which wakes whoever waits for an instant."""

import _socket
import _thread
import fcntl
import os
from errno import EBADF
from itertools import count

# Descriptors of this package lie above those that programs count on getting.
HIGH = 100

# Of waits. A thread's later wait has the higher one, whichever lines they go by: that decides who of those that are due
# at the same instant comes first.
NUMBERS = count(1)


class Line:
    """A connection to the arbiter, used by one thread at a time, for one wait after the other."""

    def __init__(self, folder):
        self.folder = folder
        self.bell = None
        self.number = 0
        self.woken = True
        self.connect()

    def connect(self):
        sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
        try:
            sock.connect(os.path.join(self.folder, "arbiter"))
            self.descriptor = fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD_CLOEXEC, HIGH)
        except OSError as error:
            lost_unless_interrupted(error)
        finally:
            sock.close()
        self.heard = b""
        self.tell("hello python %d" % os.getpid())

    def tell(self, message):
        try:
            os.write(self.descriptor, message.encode() + b"\n")
        except OSError as error:
            if error.errno == EBADF:
                # Programs that become services close all descriptors that there may be.
                self.connect()
                return self.tell(message)
            lost_unless_interrupted(error)

    def ask(self, due):
        """Asks to be woken."""
        self.number = next(NUMBERS)
        self.woken = False
        self.tell("wait %d %d %d" % (self.number, due, _thread.get_native_id() - os.getpid()))

    def end(self):
        """Ends the wait that was asked for, however it came out."""
        if not self.woken:
            self.woken = True
            self.tell("cancel %d" % self.number)

    def listen(self):
        """Reads what the arbiter says, and waits for that where it says nothing."""
        try:
            told = os.read(self.descriptor, 4096)
        except BlockingIOError:
            return  # A line of a timer, which is read when a signal says so.
        except OSError as error:
            lost_unless_interrupted(error)
        if not told:
            lost("the arbiter is gone")
        *messages, self.heard = (self.heard + told).split(b"\n")
        if b"woke %d" % self.number in messages:
            self.woken = True

    def sleep(self, due):
        """Blocks until an instant."""
        try:
            self.ask(due)
            while not self.woken:
                self.listen()
        finally:
            self.end()

    def wait(self, due, poll):
        """Blocks until something that `poll` watches is ready, and gives it; at `due` that is nothing.

        `poll` is a function that blocks until one of the descriptors is ready, those it is called with included, and
        gives the ready ones and whether this line is one of them.
        """
        try:
            self.ask(due)
            while True:
                ready, spoken = poll(self.descriptor)
                if spoken:
                    self.listen()
                if ready or self.woken:
                    return ready
        finally:
            self.end()

    def settle(self):
        """Waits until the arbiter has moved the clock for who slept out of the hooks' reach and has woken."""
        self.number = next(NUMBERS)
        self.woken = False
        self.tell("now %d" % self.number)
        while not self.woken:
            self.listen()

    def close(self):
        for descriptor in (self.descriptor, *(self.bell or ())):
            try:
                os.close(descriptor)
            except OSError:
                pass

    # Other threads ring, to make the one that uses this line look again at what it waits for.

    def hang_bell(self):
        """Readies the bell, and gives the descriptor to watch."""
        if self.bell is None:
            ends = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            self.bell = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, HIGH) for end in ends)
            for end in ends:
                os.close(end)
        return self.bell[0]

    def ring(self):
        try:
            os.write(self.bell[1], b"\0")
        except BlockingIOError:
            pass

    def hush(self):
        try:
            os.read(self.bell[0], 4096)
        except BlockingIOError:
            pass


class Arbiter:
    """The lines of this process: as many as threads have waited at once."""

    def __init__(self, folder):
        self.folder = folder
        self.lines, self.idle = [], []
        self.in_child = [self.begin_with_one_line]
        self.begin_with_one_line()

    def begin_with_one_line(self):
        """Says hello before anything runs: from then on the arbiter counts on hearing of each wait."""
        self.idle.append(self.open())

    def open(self):
        line = Line(self.folder)
        self.lines.append(line)
        return line

    def take(self):
        try:
            return self.idle.pop()
        except IndexError:
            return self.open()

    def give(self, line):
        self.idle.append(line)

    def sleep(self, due):
        line = self.take()
        try:
            line.sleep(due)
        finally:
            self.give(line)

    def wait(self, due, poll):
        line = self.take()
        try:
            return line.wait(due, poll)
        finally:
            self.give(line)

    def settle(self):
        line = self.take()
        try:
            line.settle()
        finally:
            self.give(line)

    def begin_anew(self):
        """After a fork: the lines are the parent's."""
        for line in self.lines:
            line.close()
        self.lines, self.idle = [], []
        for begin in self.in_child:
            begin()


def lost_unless_interrupted(error):
    """Goes on with the error where the handler of a signal raised it: `TimeoutError` is a usual one."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals is not globals():
            raise error
        trace = trace.tb_next
    lost(error)


def lost(error):
    """A program that cannot be woken must not run on, half in virtual time."""
    os.write(2, ("doccheck: cannot reach the virtual clock: %s\n" % (error,)).encode())
    os._exit(97)
