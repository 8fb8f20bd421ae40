/* Sleeps of programs that are not on the list take their time, and the arbiter is told of them.
 *
 * It sees by itself who sleeps, but not who is done with it before it got a processor to look: what runs next would
 * read a clock that nobody has moved. */
#include "clock.h"

#include <sys/socket.h>

struct sleep begin_sleep(int64_t length) {
    struct sleep sleep = {.arbiter = -1};
    if (length < SHORTEST || length == NEVER || !has_folder()) return sleep;
    int error = errno;
    sleep.arbiter = reach();
    char text[96], *end = put_number(put(text, "sleep "), length);
    end = put_number(put(end, " "), getpid());
    end = put_number(put(end, " "), syscall(SYS_gettid));
    if (sleep.arbiter >= 0) tell(sleep.arbiter, text, put(end, "\n"));
    sleep.since = real_now();
    errno = error;
    return sleep;
}

/* The program goes on when the arbiter has moved the clock. */
void end_sleep(struct sleep sleep) {
    if (sleep.arbiter < 0) return;
    int error = errno;
    char text[48], answer[16];
    char *end = put(put_number(put(text, "slept "), real_now() - sleep.since), "\n");
    if (tell(sleep.arbiter, text, end)) {
        while (syscall(SYS_recvfrom, sleep.arbiter, answer, sizeof answer, 0, NULL, NULL) < 0 && errno == EINTR);
    }
    syscall(SYS_close, sleep.arbiter);
    errno = error;
}
