/* Bytes that were sent are on their way at once, in every program.
 *
 * Else the kernel keeps what follows a small piece until the other end has acknowledged that (Nagle's algorithm), which
 * it does after 40 ms. Meanwhile nobody runs, and the world would seem to be at rest. */
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
