/* Alarms and timers that ring in real time, in programs that are not on the list: the arbiter is told of them.
 *
 * It sees by itself who sleeps, but not who is to be woken by a signal or a descriptor: what is due later would come
 * before. */
#include "clock.h"

#include <sys/timerfd.h>

/* What rings more often may be the pulse of a program that computes. */
#define PULSE (100 * MILLISECOND)

/* The program's name, which the process may have lost by the time the arbiter hears of it; without line ends. */
static char *put_program(char *to) {
    int file = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/comm", O_RDONLY | O_CLOEXEC);
    long length = file < 0 ? 0 : syscall(SYS_read, file, to, 16);
    if (file >= 0) syscall(SYS_close, file);
    char *end = to + (length < 0 ? 0 : length);
    while (end > to && end[-1] == '\n') end--;
    for (char *at = to; at < end; at++) {
        if (*at == '\n') *at = ' ';
    }
    return end;
}

void tell_bell(enum bell bell, uint64_t number, int64_t since, int64_t length, int64_t interval) {
    static const char *const NAMES[] = {[OF_PROCESS] = " process ", [TIMER] = " timer ", [DESCRIPTOR] = " descriptor "};
    if (!has_folder() || length == NEVER || (interval && interval < PULSE)) return;
    int error = errno, arbiter = reach();
    if (arbiter >= 0) {
        char text[160], *end = put(put_number(put(text, "alarm "), getpid()), NAMES[bell]);
        end = put_number(put(put_number(end, (int64_t)(number & INT64_MAX)), " "), since);
        end = put(put_number(put(put_number(put(end, " "), length), " "), interval), " ");
        tell(arbiter, text, put(put_program(end), "\n"));
        syscall(SYS_close, arbiter);
    }
    errno = error;
}

HOOK(int, timerfd_settime, int timer, int flags, const struct itimerspec *next, struct itimerspec *before) {
    int64_t since = real_now();
    int result = REAL(int, timerfd_settime, syscall(SYS_timerfd_settime, timer, flags, next, before),
                      (int, int, const struct itimerspec *, struct itimerspec *), timer, flags, next, before);
    if (result) return result;
    struct itimerspec now = *next;
    if (flags & TFD_TIMER_ABSTIME) syscall(SYS_timerfd_gettime, timer, &now);
    tell_bell(DESCRIPTOR, (uint64_t)timer, since, span(now.it_value.tv_sec, now.it_value.tv_nsec),
              span(next->it_interval.tv_sec, next->it_interval.tv_nsec));
    return 0;
}
