/* Waiting: for a time, and for descriptors until a time. */
#include "clock.h"

#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>

/* The size of the kernel's own set of signals. */
#define KERNEL_SIGNALS 8
#define SELECTABLE 1024
#define WORD (8 * (int)sizeof(unsigned long))
typedef unsigned long bits[SELECTABLE / 8 / sizeof(unsigned long)];

/* What a wait is for beside its due. */
struct watch {
    enum { POLL, SELECT, EPOLL } how;
    const sigset_t *mask;
    /* POLL; room for one more stands in `extended`. */
    struct pollfd *polled, *extended;
    nfds_t count;
    /* SELECT */
    unsigned long *sets[3];
    int below;
    /* EPOLL */
    int epoll, most;
    struct epoll_event *events;
};

static int look_by_poll(const struct watch *watch, int arbiter, bool *heard) {
    /* The kernel writes to it what is left. */
    struct timespec none = {0};
    if (arbiter < 0) return (int)syscall(SYS_ppoll, watch->polled, watch->count, &none, watch->mask, KERNEL_SIGNALS);
    struct pollfd *all = watch->extended;
    if (watch->count) memcpy(all, watch->polled, watch->count * sizeof *all);
    all[watch->count] = (struct pollfd){.fd = arbiter, .events = POLLIN};
    int ready = (int)syscall(SYS_ppoll, all, watch->count + 1, NULL, watch->mask, KERNEL_SIGNALS);
    if (ready < 0) return ready;
    *heard = all[watch->count].revents != 0;
    if (watch->count) memcpy(watch->polled, all, watch->count * sizeof *all);
    return ready - *heard;
}

static int look_by_select(const struct watch *watch, int arbiter, bool *heard) {
    bits found[3] = {{0}};
    size_t size = (size_t)((watch->below + WORD - 1) / WORD) * sizeof(unsigned long);
    for (int i = 0; i < 3; i++) {
        if (watch->sets[i]) memcpy(found[i], watch->sets[i], size);
    }
    int below = watch->below;
    if (arbiter >= 0) {
        found[0][arbiter / WORD] |= 1UL << arbiter % WORD;
        if (arbiter >= below) below = arbiter + 1;
    }
    struct timespec none = {0};
    struct {
        const sigset_t *mask;
        size_t size;
    } mask = {watch->mask, KERNEL_SIGNALS};
    int ready = (int)syscall(SYS_pselect6, below, found[0], found[1], found[2], arbiter < 0 ? &none : NULL, &mask);
    if (ready < 0) return ready;
    if (arbiter >= 0) {
        *heard = (found[0][arbiter / WORD] >> arbiter % WORD) & 1;
        found[0][arbiter / WORD] &= ~(1UL << arbiter % WORD);
        ready -= *heard;
    }
    /* Where nothing is ready yet the sets are asked again. */
    for (int i = 0; i < 3 && ready; i++) {
        if (watch->sets[i]) memcpy(watch->sets[i], found[i], size);
    }
    return ready;
}

static int look_by_epoll(const struct watch *watch, int arbiter, bool *heard) {
    struct pollfd both[2] = {{.fd = watch->epoll, .events = POLLIN}, {.fd = arbiter, .events = POLLIN}};
    if (arbiter >= 0) {
        int ready = (int)syscall(SYS_ppoll, both, 2, NULL, watch->mask, KERNEL_SIGNALS);
        if (ready < 0) return ready;
        *heard = both[1].revents != 0;
    }
    return (int)syscall(SYS_epoll_pwait, watch->epoll, watch->events, watch->most, 0, watch->mask, KERNEL_SIGNALS);
}

/* Waits for what is watched or a signal, until `due`: gives what the system call gives, 0 at `due`. With
 * `arbiter` < 0 a look does not wait. */
static int wait_until(int64_t due, const struct watch *watch) {
    int (*look)(const struct watch *, int, bool *) =
        watch->how == POLL ? look_by_poll : watch->how == SELECT ? look_by_select : look_by_epoll;
    bool heard = false;
    int ready = look(watch, -1, &heard);
    if (ready) return ready;
    int state = errno;
    struct line *line = take_line();
    if (watch->how == SELECT && line->descriptor >= SELECTABLE) die("there are too many descriptors");
    if (due != NEVER) ask(line, due);
    bool woken = false;
    do {
        heard = false;
        ready = look(watch, line->descriptor, &heard);
        int error = errno;
        if (heard) woken = was_woken(line);
        errno = error;
    } while (!ready && !woken);
    int error = ready < 0 ? errno : state;
    if (!woken && due != NEVER) cancel(line);
    give_back(line);
    errno = error;
    return ready;
}

int sleep_until(int64_t due) {
    if (due != NEVER && due <= peek()) return sched_yield();
    struct pollfd room;
    struct watch nothing = {.how = POLL, .extended = &room};
    return wait_until(due, &nothing);
}

static int poll_until(struct pollfd *polled, nfds_t count, int64_t due, const sigset_t *mask) {
    struct pollfd few[32];
    struct watch watch = {.how = POLL, .mask = mask, .polled = polled, .extended = few, .count = count};
    if (count >= sizeof few / sizeof *few) watch.extended = malloc((count + 1) * sizeof *few);
    if (!watch.extended) {
        errno = ENOMEM;
        return -1;
    }
    int ready = wait_until(due, &watch);
    int error = errno;
    if (watch.extended != few) free(watch.extended);
    errno = error;
    return ready;
}

static int nanosleep_virtual(const struct timespec *duration, struct timespec *rest) {
    if (!is_valid(duration)) {
        errno = EINVAL;
        return -1;
    }
    int64_t length = span(duration->tv_sec, duration->tv_nsec);
    if (!length) {
        pass_turn();
        return sched_yield();
    }
    int64_t due = due_after(length);
    int result = sleep_until(due);
    if (result && rest) *rest = timespec_of(left(due));
    return result;
}

HOOK(int, nanosleep, const struct timespec *duration, struct timespec *rest) {
    if (hooked()) return nanosleep_virtual(duration, rest);
    return SLEEPING(is_valid(duration) ? span(duration->tv_sec, duration->tv_nsec) : 0,
                    REAL(int, nanosleep, syscall(SYS_nanosleep, duration, rest),
                         (const struct timespec *, struct timespec *), duration, rest));
}

HOOK(int, clock_nanosleep, clockid_t id, int flags, const struct timespec *time, struct timespec *rest) {
    if (!hooked() || clock_of(id) == NO_CLOCK) {
        bool lasts = !(flags & TIMER_ABSTIME) && is_valid(time);
        return SLEEPING(lasts ? span(time->tv_sec, time->tv_nsec) : 0,
                        REAL(int, clock_nanosleep, syscall(SYS_clock_nanosleep, id, flags, time, rest) ? errno : 0,
                             (clockid_t, int, const struct timespec *, struct timespec *), id, flags, time, rest));
    }
    /* Tells its error by its result and leaves errno alone. */
    int state = errno, result;
    if (!(flags & TIMER_ABSTIME)) result = nanosleep_virtual(time, rest) ? errno : 0;
    else if (!is_valid(time)) result = EINVAL;
    else result = sleep_until(due_at(clock_of(id), time)) ? errno : 0;
    errno = state;
    return result;
}

HOOK(unsigned, sleep, unsigned seconds) {
    struct timespec time = {.tv_sec = seconds}, rest;
    if (!hooked()) {
        return SLEEPING(span(seconds, 0),
                        REAL(unsigned, sleep, syscall(SYS_nanosleep, &time, &rest) ? rest.tv_sec + 1 : 0, (unsigned),
                             seconds));
    }
    if (!nanosleep_virtual(&time, &rest)) return 0;
    return (unsigned)(rest.tv_sec + (rest.tv_nsec >= 500000000));
}

HOOK(int, usleep, unsigned microseconds) {
    struct timespec time = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000};
    if (hooked()) return nanosleep_virtual(&time, NULL);
    return SLEEPING(microseconds, REAL(int, usleep, syscall(SYS_nanosleep, &time, NULL), (unsigned), microseconds));
}

/* When curl has read something, it may set itself a timer for "now". Then it drops the timers that were due when it began
 * to read, and on a clock that stands still that is the same instant: it would wait for nobody. So where something came,
 * its next wait ends at once, as that timer would have it. Its waits watch two descriptors and more; whoever watches one
 * takes that for the end of its time. */
static int poll_in_turns(struct pollfd *polled, nfds_t count, int64_t due, const sigset_t *mask) {
    static _Thread_local bool came;
    bool is_due = came && count > 1 && kind() == WAITING;
    struct timespec none = {0};
    int ready = is_due ? (int)syscall(SYS_ppoll, polled, count, &none, mask, KERNEL_SIGNALS)
                       : poll_until(polled, count, due, mask);
    came = ready > 0;
    return ready;
}

static int poll_virtual(struct pollfd *polled, nfds_t count, const struct timespec *limit, const sigset_t *mask) {
    int64_t length = limit && is_valid(limit) ? span(limit->tv_sec, limit->tv_nsec) : 0;
    if (length) return poll_in_turns(polled, count, due_after(length), mask);
    struct timespec real = limit ? *limit : (struct timespec){0};
    return (int)syscall(SYS_ppoll, polled, count, limit ? &real : NULL, mask, KERNEL_SIGNALS);
}

HOOK(int, poll, struct pollfd *polled, nfds_t count, int milliseconds) {
    struct timespec limit = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
    if (hooked()) return poll_virtual(polled, count, milliseconds < 0 ? NULL : &limit, NULL);
    return SLEEPING(count || milliseconds < 0 ? 0 : milliseconds * MILLISECOND,
                    REAL(int, poll,
                         syscall(SYS_ppoll, polled, count, milliseconds < 0 ? NULL : &limit, NULL, KERNEL_SIGNALS),
                         (struct pollfd *, nfds_t, int), polled, count, milliseconds));
}

HOOK(int, ppoll, struct pollfd *polled, nfds_t count, const struct timespec *limit, const sigset_t *mask) {
    if (hooked()) return poll_virtual(polled, count, limit, mask);
    struct timespec real = limit ? *limit : (struct timespec){0};
    return SLEEPING(count || !limit || !is_valid(limit) ? 0 : span(limit->tv_sec, limit->tv_nsec),
                    REAL(int, ppoll, syscall(SYS_ppoll, polled, count, limit ? &real : NULL, mask, KERNEL_SIGNALS),
                         (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *), polled, count, limit,
                         mask));
}

/* What `poll` and `ppoll` are in programs that were compiled to look after their bounds. */
HOOK(int, __poll_chk, struct pollfd *polled, nfds_t count, int milliseconds, size_t size) {
    if (count > size / sizeof *polled) abort();
    return hook_poll(polled, count, milliseconds);
}

HOOK(int, __ppoll_chk, struct pollfd *polled, nfds_t count, const struct timespec *limit, const sigset_t *mask,
     size_t size) {
    if (count > size / sizeof *polled) abort();
    return hook_ppoll(polled, count, limit, mask);
}

/* `due` is behind `limit`, which is not 0. */
static int select_until(int below, unsigned long **sets, int64_t due, const sigset_t *mask) {
    struct watch watch = {.how = SELECT, .mask = mask, .sets = {sets[0], sets[1], sets[2]}, .below = below};
    int ready = wait_until(due, &watch);
    for (int i = 0; i < 3 && !ready; i++) {
        for (int word = 0; sets[i] && word * WORD < below; word++) sets[i][word] = 0;
    }
    return ready;
}

static int select_real(int below, unsigned long **sets, const struct timespec *limit, const sigset_t *mask) {
    struct timespec real = limit ? *limit : (struct timespec){0};
    struct {
        const sigset_t *mask;
        size_t size;
    } both = {mask, KERNEL_SIGNALS};
    return (int)syscall(SYS_pselect6, below, sets[0], sets[1], sets[2], limit ? &real : NULL, &both);
}

HOOK(int, select, int below, unsigned long *in, unsigned long *out, unsigned long *odd, struct timeval *limit) {
    unsigned long *sets[3] = {in, out, odd};
    struct timespec time = {0};
    if (limit) time = (struct timespec){.tv_sec = limit->tv_sec, .tv_nsec = limit->tv_usec * 1000};
    int64_t length = limit && limit->tv_sec >= 0 && limit->tv_usec >= 0 ? span(limit->tv_sec, time.tv_nsec) : 0;
    if (hooked() && length && below >= 0 && below <= SELECTABLE) {
        int64_t due = due_after(length);
        int ready = select_until(below, sets, due, NULL);
        /* As the kernel does it: bash asks on for what is left. */
        *limit = timeval_of(ready ? left(due) : 0);
        return ready;
    }
    if (hooked()) return select_real(below, sets, limit ? &time : NULL, NULL);
    return SLEEPING(below ? 0 : length,
                    REAL(int, select, select_real(below, sets, limit ? &time : NULL, NULL),
                         (int, unsigned long *, unsigned long *, unsigned long *, struct timeval *), below, in, out,
                         odd, limit));
}

HOOK(int, pselect, int below, unsigned long *in, unsigned long *out, unsigned long *odd, const struct timespec *limit,
     const sigset_t *mask) {
    unsigned long *sets[3] = {in, out, odd};
    int64_t length = limit && is_valid(limit) ? span(limit->tv_sec, limit->tv_nsec) : 0;
    if (hooked() && length && below >= 0 && below <= SELECTABLE) {
        return select_until(below, sets, due_after(length), mask);
    }
    if (hooked()) return select_real(below, sets, limit, mask);
    return SLEEPING(below ? 0 : length,
                    REAL(int, pselect, select_real(below, sets, limit, mask),
                         (int, unsigned long *, unsigned long *, unsigned long *, const struct timespec *,
                          const sigset_t *),
                         below, in, out, odd, limit, mask));
}

static int epoll_virtual(int epoll, struct epoll_event *events, int most, int milliseconds, const sigset_t *mask) {
    if (milliseconds <= 0) {
        return (int)syscall(SYS_epoll_pwait, epoll, events, most, milliseconds, mask, KERNEL_SIGNALS);
    }
    struct watch watch = {.how = EPOLL, .mask = mask, .epoll = epoll, .most = most, .events = events};
    return wait_until(due_after(milliseconds * MILLISECOND), &watch);
}

HOOK(int, epoll_wait, int epoll, struct epoll_event *events, int most, int milliseconds) {
    if (hooked()) return epoll_virtual(epoll, events, most, milliseconds, NULL);
    return REAL(int, epoll_wait, syscall(SYS_epoll_pwait, epoll, events, most, milliseconds, NULL, KERNEL_SIGNALS),
                (int, struct epoll_event *, int, int), epoll, events, most, milliseconds);
}

HOOK(int, epoll_pwait, int epoll, struct epoll_event *events, int most, int milliseconds, const sigset_t *mask) {
    if (hooked()) return epoll_virtual(epoll, events, most, milliseconds, mask);
    return REAL(int, epoll_pwait, syscall(SYS_epoll_pwait, epoll, events, most, milliseconds, mask, KERNEL_SIGNALS),
                (int, struct epoll_event *, int, int, const sigset_t *), epoll, events, most, milliseconds, mask);
}
