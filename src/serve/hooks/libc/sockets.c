/* Bytes that were sent are on their way at once: while the kernel keeps them by a timer of its own nobody runs, and the
 * world would seem to be at rest.
 *
 * In every program what follows a small piece does not wait until the other end has acknowledged that (Nagle's
 * algorithm), which it does after 40 ms. */
#include "clock.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

HOOK(int, socket, int domain, int type, int protocol) {
    int descriptor =
        REAL(int, socket, syscall(SYS_socket, domain, type, protocol), (int, int, int), domain, type, protocol);
    bool is_stream = (type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) == SOCK_STREAM;
    if (descriptor >= 0 && (domain == AF_INET || domain == AF_INET6) && is_stream) {
        /* What a listening socket accepts has it too. Other protocols than TCP know no such thing. */
        int error = errno, on = 1;
        syscall(SYS_setsockopt, descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        errno = error;
    }
    return descriptor;
}

/* Into a receive buffer that is smaller than a packet of the loopback the kernel lets bytes come by that timer alone, once
 * it was full: `wget --limit-rate` makes itself one, and would be at its time-out before the next bytes were there. It
 * keeps the rate all the same, by its sleeps. Programs that are not on the list may ask for what they have set. */
HOOK(int, setsockopt, int descriptor, int level, int name, const void *value, socklen_t length) {
    if (hooked() && level == SOL_SOCKET && name == SO_RCVBUF) {
        /* Nothing is set, and what is no socket is refused. */
        int type;
        socklen_t size = sizeof type;
        return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size);
    }
    return REAL(int, setsockopt, syscall(SYS_setsockopt, descriptor, level, name, value, length),
                (int, int, int, const void *, socklen_t), descriptor, level, name, value, length);
}
