"""Sockets' time-outs as instants of the virtual clock: `socket` and `ssl`.

The kernel's sockets of such objects are non-blocking, as they are without this, and so is what C code takes them
for; the waiting is done here.
"""

from .replacing import builtin, lasts
from .selecting import watching


def change_socket(socket, clock, arbiter):
    from errno import EAGAIN, EINPROGRESS
    from os import strerror
    from select import POLLIN, POLLOUT

    kind, real = socket.socket, socket.SocketType
    # The time-outs of sockets, by their identity: sockets have no room for more attributes.
    limits = {}
    default = None

    def __init__(self, *args, **kwargs):
        limits.pop(id(self), None)
        real_init(self, *args, **kwargs)
        # Nagle's algorithm holds bytes back for up to 40 ms of real time, in which everybody seems to be at rest.
        try:
            real.setsockopt(self, socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            pass
        if default is not None:
            self.settimeout(default)

    def settimeout(self, value):
        """settimeout(timeout)"""
        limits.pop(id(self), None)
        real.settimeout(self, value)
        shown = real.gettimeout(self)
        if lasts(shown):
            limits[id(self)] = shown
            real.settimeout(self, 0.0)

    def gettimeout(self):
        """gettimeout() -> timeout"""
        limit = limits.get(id(self))
        return real.gettimeout(self) if limit is None else limit

    def setblocking(self, flag):
        """setblocking(flag)"""
        limits.pop(id(self), None)
        real.setblocking(self, flag)

    def getblocking(self):
        """getblocking()"""
        return gettimeout(self) != 0.0

    real_init = kind.__init__
    kind.__init__ = __init__
    kind.settimeout, kind.gettimeout, kind.timeout = settimeout, gettimeout, property(gettimeout)
    kind.setblocking, kind.getblocking = setblocking, getblocking

    def wait(self, due, events):
        if not arbiter.wait(due, watching((self.fileno(), events))):
            raise socket.timeout("timed out")

    def patient(name, events):
        method = getattr(kind, name)

        def call(self, *args, **kwargs):
            limit = limits.get(id(self))
            if limit is None:
                return method(self, *args, **kwargs)
            due = None
            while True:
                try:
                    return method(self, *args, **kwargs)
                except BlockingIOError:
                    pass
                due = due or clock.due(limit)
                wait(self, due, events)

        call.__name__, call.__doc__ = name, method.__doc__
        call.__qualname__ = "socket." + name
        setattr(kind, name, call)

    for name in ("_accept", "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into"):
        patient(name, POLLIN)
    for name in ("send", "sendto", "sendmsg"):
        patient(name, POLLOUT)
    send = real.send

    def sendall(self, data, flags=0):
        limit = limits.get(id(self))
        if limit is None:
            return real.sendall(self, data, flags)
        due = clock.due(limit)
        with memoryview(data) as view, view.cast("B") as left:
            sent = 0
            while sent < len(left):
                try:
                    sent += send(self, left[sent:], flags)
                    continue
                except BlockingIOError:
                    pass
                wait(self, due, POLLOUT)

    def connect_ex(self, address):
        limit = limits.get(id(self))
        error = real_connect_ex(self, address)
        if limit is None or error != EINPROGRESS:
            return error
        if not arbiter.wait(clock.due(limit), watching((self.fileno(), POLLOUT))):
            return EAGAIN
        return self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def connect(self, address):
        limit = limits.get(id(self))
        if limit is None:
            return real_connect(self, address)
        try:
            return real_connect(self, address)
        except BlockingIOError as refused:
            if refused.errno != EINPROGRESS:
                raise
        wait(self, clock.due(limit), POLLOUT)
        error = self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, strerror(error))

    real_connect, real_connect_ex = kind.connect, kind.connect_ex
    for method in (sendall, connect, connect_ex):
        method.__doc__, method.__qualname__ = getattr(real, method.__name__).__doc__, "socket." + method.__name__
        setattr(kind, method.__name__, method)

    def setdefaulttimeout(timeout):
        nonlocal default
        real_setdefaulttimeout(timeout)
        default = real_getdefaulttimeout()
        real_setdefaulttimeout(None)

    real_setdefaulttimeout, real_getdefaulttimeout = socket.setdefaulttimeout, socket.getdefaulttimeout
    socket.setdefaulttimeout = builtin(real_setdefaulttimeout, setdefaulttimeout)
    socket.getdefaulttimeout = builtin(real_getdefaulttimeout, lambda: default)


def change_ssl(ssl, clock, arbiter):
    from select import POLLIN, POLLOUT
    from socket import timeout

    def patient(name, action):
        method = getattr(ssl.SSLSocket, name)

        def call(self, *args, **kwargs):
            limit = self.gettimeout()
            if not limit:
                return method(self, *args, **kwargs)
            due = None
            while True:
                try:
                    return method(self, *args, **kwargs)
                except ssl.SSLWantReadError:
                    events = POLLIN
                except ssl.SSLWantWriteError:
                    events = POLLOUT
                due = due or clock.due(limit)
                if not arbiter.wait(due, watching((self.fileno(), events))):
                    raise timeout("The %s operation timed out" % action)

        call.__name__, call.__doc__, call.__qualname__ = name, method.__doc__, method.__qualname__
        setattr(ssl.SSLSocket, name, call)

    patient("do_handshake", "handshake")
    patient("read", "read")
    patient("write", "write")
    patient("send", "write")
    patient("unwrap", "read")
