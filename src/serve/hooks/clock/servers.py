"""Servers that look now and then whether they are to end: nothing is to happen in the world for that.

They are told, and wait for it without a time-out. Beside a long sleep they would make thousands of events.
"""

import os


def change_socketserver(socketserver, clock, arbiter):
    server_type = socketserver.BaseServer
    serve_really, shut_down_really = server_type.serve_forever, server_type.shutdown

    class Selector(socketserver._ServerSelector):
        bell = None

        def register(self, fileobj, events, data=None):
            # There while the server serves. For a single request it waits as long as it says.
            self.bell = getattr(fileobj, "_doccheck_bell", None)
            if self.bell is not None:
                super().register(self.bell[0], events)
            return super().register(fileobj, events, data)

        def select(self, timeout=None):
            if self.bell is None:
                return super().select(timeout)
            return [found for found in super().select() if found[0].fd != self.bell[0]]

    def serve_forever(self, poll_interval=0.5):
        if type(self).service_actions is not server_type.service_actions:
            # It has something to do each time.
            return serve_really(self, poll_interval)
        self._doccheck_bell = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            serve_really(self, poll_interval)
        finally:
            # Not closed: somebody may be about to ring.
            self._doccheck_bell = None

    def shutdown(self):
        bell = getattr(self, "_doccheck_bell", None)
        if bell is None:
            return shut_down_really(self)
        self._BaseServer__shutdown_request = True
        os.write(bell[1], b"\0")
        self._BaseServer__is_shut_down.wait()

    for method, real in ((serve_forever, serve_really), (shutdown, shut_down_really)):
        method.__doc__, method.__qualname__ = real.__doc__, real.__qualname__
    socketserver._ServerSelector = Selector
    server_type.serve_forever, server_type.shutdown = serve_forever, shutdown


def change_uvicorn(server, clock, arbiter):
    """It looks ten times a second, and writes the date for its answers every tenth time."""
    import asyncio
    from email.utils import formatdate

    looks_really = server.Server.main_loop

    async def main_loop(self):
        if self.config.callback_notify is not None or self.config.limit_max_requests is not None:
            # It has more to do each time.
            return await looks_really(self)
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._doccheck_tell = lambda: loop.call_soon_threadsafe(told.set)
        try:
            while not await self.on_tick(0):
                await told.wait()
        finally:
            del self._doccheck_tell

    def get_should_exit(self):
        return self.__dict__["should_exit"]

    def set_should_exit(self, value):
        self.__dict__["should_exit"] = value
        if value and "_doccheck_tell" in self.__dict__:
            self._doccheck_tell()

    def get_headers(self):
        headers = self.__dict__["default_headers"]
        if headers and headers[0][0] == b"date":
            date = formatdate(clock.peek() / 1e6, usegmt=True).encode()
            return [(b"date", date), *headers[1:]]
        return headers

    def set_headers(self, value):
        self.__dict__["default_headers"] = value

    server.Server.main_loop = main_loop
    server.Server.should_exit = property(get_should_exit, set_should_exit)
    server.ServerState.default_headers = property(get_headers, set_headers)
