"""Leads this interpreter's connections to doccheck's sandbox.

Programs that heed the proxy variables never need it; for all others it gives each host of the sandbox an address of
its own (RFC 2544 sets 198.18.0.0/15 aside for tests), turns a connection to such an address into one to the sandbox's
port on loopback, and refuses every other host by name, before anybody asks a name server.
"""

import os


def changes(folder):
    """The functions that change modules, by the names of those."""

    class Routes:
        """Who is served. Read anew in each process: a fork server outlives a page."""

        process = None

        def read(self):
            if self.process != os.getpid():
                self.ports, self.addresses, self.names = {}, {}, {}
                with open(os.path.join(folder, "routes"), encoding="utf-8") as lines:
                    for line in lines:
                        host, address, port, to = line.split()
                        self.ports[host, int(port)] = int(to)
                        self.addresses[host], self.names[address] = address, host
                self.process = os.getpid()
            return self

    routes = Routes()

    def refuse(host, port):
        """Notes the refusal for the step, and gives the words for the program."""
        if ":" in host:
            host = "[%s]" % host
        name = host if port in (80, 443, None) else "%s:%s" % (host, port)
        note = os.open(os.path.join(folder, "refused"), os.O_WRONLY | os.O_APPEND)
        try:
            os.write(note, (name + "\n").encode("utf-8"))
        finally:
            os.close(note)
        return "no sandbox serves host " + name

    def text(host):
        if isinstance(host, (bytes, bytearray)):
            host = host.decode("utf-8", "replace")
        return host.rstrip(".").lower() if isinstance(host, str) else host

    def patch_socket(socket):
        getaddrinfo, gethostbyname = socket.getaddrinfo, socket.gethostbyname
        gethostbyname_ex, gethostbyaddr = socket.gethostbyname_ex, socket.gethostbyaddr
        own_name = text(socket.gethostname())
        internet = (socket.AF_INET, socket.AF_INET6)

        def is_own(host):
            return (
                host in (None, "", "localhost", "::1", "0.0.0.0", "::", own_name)
                or host.endswith(".localhost")
                or host.startswith(("127.", "::ffff:127."))
            )

        def is_address(host):
            for family in internet:
                try:
                    socket.inet_pton(family, host.partition("%")[0])
                    return True
                except (OSError, ValueError):
                    pass
            return False

        def resolve(host, port=None):
            """What is to be looked up in place of `host`, without asking a name server."""
            name = text(host)
            if not (name is None or isinstance(name, str)) or is_own(name) or is_address(name):
                return host
            address = routes.read().addresses.get(name)
            if address is None:
                raise socket.gaierror(socket.EAI_NONAME, refuse(name, port))
            return address

        def looked_up(host, port, family=0, type=0, proto=0, flags=0):
            number = {"http": 80, "https": 443}.get(port, port)
            address = resolve(host, number if isinstance(number, int) else None)
            if address is not host and family == socket.AF_INET6:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return getaddrinfo(address, port, family, type, proto, flags)

        def rerouted(sock, address):
            """Where a connection goes that the program wants to `address`, or the words of a refusal."""
            if sock.family not in internet or not isinstance(address, tuple) or len(address) < 2:
                return address, None
            host, port = text(address[0]), address[1]
            if not isinstance(host, str) or is_own(host):
                return address, None
            now = routes.read()
            host = now.names.get(host[7:] if host.startswith("::ffff:") else host, host)
            to = now.ports.get((host, port))
            if to is None or sock.type != socket.SOCK_STREAM:
                return None, refuse(host, port)
            return (("127.0.0.1", to) if sock.family == socket.AF_INET else ("::ffff:127.0.0.1", to)), None

        def connecting(method, as_number):
            def connect(self, address):
                to, refusal = rerouted(self, address)
                if to is None:
                    if as_number:
                        return errno.ECONNREFUSED
                    raise ConnectionRefusedError(errno.ECONNREFUSED, refusal)
                return method(self, to)

            return connect

        def sending(method):
            def sendto(self, data, *where):
                to, refusal = rerouted(self, where[-1])
                if to is None:
                    raise ConnectionRefusedError(errno.ECONNREFUSED, refusal)
                return method(self, data, *where)

            return sendto

        def by_address(host):
            name = text(host)
            if not is_own(name) and name not in routes.read().names:
                resolve(host)
                raise socket.herror(1, "Unknown host")
            return gethostbyaddr(host)

        import errno

        socket.getaddrinfo = looked_up
        socket.gethostbyname = lambda host: gethostbyname(resolve(host))
        socket.gethostbyname_ex = lambda host: gethostbyname_ex(resolve(host))
        socket.gethostbyaddr = by_address
        socket.socket.connect = connecting(socket.socket.connect, False)
        socket.socket.connect_ex = connecting(socket.socket.connect_ex, True)
        socket.socket.sendto = sending(socket.socket.sendto)

    def patch_ssl(ssl):
        authority = os.path.join(folder, "ca.pem")

        def trusting(method):
            # Clients that bring roots of their own (certifi) trust the sandbox too; those that check nothing stay so.
            def wrap(self, *args, **kwargs):
                if self.verify_mode != ssl.CERT_NONE and not getattr(self, "_doccheck", False):
                    self.load_verify_locations(authority)
                    self._doccheck = True
                return method(self, *args, **kwargs)

            return wrap

        ssl.SSLContext.wrap_socket = trusting(ssl.SSLContext.wrap_socket)
        ssl.SSLContext.wrap_bio = trusting(ssl.SSLContext.wrap_bio)

    return {"socket": patch_socket, "ssl": patch_ssl}
