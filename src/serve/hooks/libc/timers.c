/* Timers that send a signal. */
#include "clock.h"

/* A timer needs no thread: the kernel sends its signal when the arbiter answers on the timer's own connection. For
 * the same reason none repeats: nobody would be there to ask for the next time. The one program on the list that asks
 * for it (flock) does so lest the signal come before it waits, and the arbiter answers only when it does. */
struct timer {
    struct line line;
    int64_t due;
    int signal;
    enum clock clock;
    bool used;
};

/* The first is the process's alarm clock. */
static struct timer timers[8] = {{.signal = SIGALRM, .used = true}};

static int64_t left_of(const struct timer *timer) { return timer->due && is_open(&timer->line) ? left(timer->due) : 0; }

/* The handlers of signals that are told why they come; they are told of a timer, not of a connection. */
static void (*handlers[65])(int, siginfo_t *, void *);

static void as_of_a_timer(int signal, siginfo_t *info, void *context) {
    if (info->si_code != SI_USER) info->si_code = SI_TIMER;
    handlers[signal](signal, info, context);
}

static void guard_handler(int signal) {
    struct sigaction action;
    if (sigaction(signal, NULL, &action) || !(action.sa_flags & SA_SIGINFO)) return;
    if (action.sa_sigaction == as_of_a_timer) return;
    handlers[signal] = action.sa_sigaction;
    action.sa_sigaction = as_of_a_timer;
    sigaction(signal, &action, NULL);
}

/* `due` 0: not at all. */
static void set(struct timer *timer, int64_t due) {
    int error = errno;
    hang_up(&timer->line);
    timer->due = due;
    if (due && due != NEVER) {
        guard_handler(timer->signal);
        call_up(&timer->line);
        int descriptor = timer->line.descriptor;
        long failed = syscall(SYS_fcntl, descriptor, F_SETSIG, timer->signal);
        failed |= syscall(SYS_fcntl, descriptor, F_SETOWN, getpid());
        failed |= syscall(SYS_fcntl, descriptor, F_SETFL, O_RDWR | O_ASYNC);
        if (failed) die("it cannot send signals");
        ask(&timer->line, due);
    }
    errno = error;
}

void forget_timers(void) {
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++) {
        hang_up(&timers[i].line);
        timers[i].due = 0;
        if (i) timers[i].used = false;
    }
}

HOOK(unsigned, alarm, unsigned seconds) {
    if (!hooked()) {
        struct itimerval next = {.it_value.tv_sec = seconds}, old = {0};
        int64_t since = real_now();
        unsigned left = REAL(
            unsigned, alarm,
            (syscall(SYS_setitimer, ITIMER_REAL, &next, &old), old.it_value.tv_sec + !!old.it_value.tv_usec),
            (unsigned), seconds);
        tell_bell(OF_PROCESS, 0, since, seconds * SECOND, 0);
        return left;
    }
    int64_t before = left_of(timers);
    set(timers, seconds ? due_after(seconds * SECOND) : 0);
    return (unsigned)((before + SECOND - 1) / SECOND);
}

HOOK(int, setitimer, int which, const struct itimerval *next, struct itimerval *before) {
    if (!hooked() || which != ITIMER_REAL || !next || next->it_interval.tv_sec || next->it_interval.tv_usec) {
        int64_t since = real_now();
        int result = REAL(int, setitimer, syscall(SYS_setitimer, which, next, before),
                          (int, const struct itimerval *, struct itimerval *), which, next, before);
        if (!result && which == ITIMER_REAL && next) {
            tell_bell(OF_PROCESS, 0, since, span(next->it_value.tv_sec, next->it_value.tv_usec * 1000),
                      span(next->it_interval.tv_sec, next->it_interval.tv_usec * 1000));
        }
        return result;
    }
    struct itimerval new = *next;
    if (before) *before = (struct itimerval){.it_value = timeval_of(left_of(timers))};
    int64_t length = span(new.it_value.tv_sec, new.it_value.tv_usec * 1000);
    set(timers, length ? due_after(length) : 0);
    return 0;
}

/* The C library sets it by a function of its own, past the one above. */
HOOK(unsigned, ualarm, unsigned first, unsigned interval) {
    struct itimerval next = {.it_value = timeval_of(first), .it_interval = timeval_of(interval)}, before = {0};
    hook_setitimer(ITIMER_REAL, &next, &before);
    return (unsigned)span(before.it_value.tv_sec, before.it_value.tv_usec * 1000);
}

HOOK(int, getitimer, int which, struct itimerval *now) {
    if (!hooked() || which != ITIMER_REAL) {
        return REAL(int, getitimer, syscall(SYS_getitimer, which, now), (int, struct itimerval *), which, now);
    }
    *now = (struct itimerval){.it_value = timeval_of(left_of(timers))};
    return 0;
}

/* The timers that wake nobody, or count what processors do, by their ids and one more. */
static uintptr_t silent[32];

static bool is_silent(timer_t id) {
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        if (silent[i] == (uintptr_t)id + 1) return true;
    }
    return false;
}

static void replace_silent(uintptr_t before, uintptr_t now) {
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        uintptr_t known = before;
        if (__atomic_compare_exchange_n(&silent[i], &known, now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return;
    }
}

/* The timer behind an id, where it is one of ours. */
static struct timer *timer_of(timer_t id) {
    struct timer *timer = (struct timer *)id;
    return timer > timers && timer < timers + sizeof timers / sizeof *timers ? timer : NULL;
}

HOOK(int, timer_create, clockid_t id, struct sigevent *event, timer_t *made) {
    bool by_signal = !event || event->sigev_notify == SIGEV_NONE ||
                     (event->sigev_notify == SIGEV_SIGNAL && event->sigev_signo > 0 && event->sigev_signo < 65);
    if (hooked() && clock_of(id) != NO_CLOCK && by_signal) {
        for (struct timer *timer = timers + 1; timer < timers + sizeof timers / sizeof *timers; timer++) {
            if (__atomic_exchange_n(&timer->used, true, __ATOMIC_ACQ_REL)) continue;
            timer->signal = !event ? SIGALRM : event->sigev_notify == SIGEV_NONE ? SIGURG : event->sigev_signo;
            timer->clock = clock_of(id);
            *made = timer;
            return 0;
        }
    }
    int result =
        REAL(int, timer_create, (errno = ENOSYS, -1), (clockid_t, struct sigevent *, timer_t *), id, event, made);
    if (result) return result;
    /* The id may have been another one's before. */
    replace_silent((uintptr_t)*made + 1, 0);
    bool counts = id < 0 || id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID;
    if (counts || (event && event->sigev_notify == SIGEV_NONE)) replace_silent(0, (uintptr_t)*made + 1);
    return 0;
}

/* Sets a timer that is none of ours. */
static int set_theirs(timer_t id, int flags, const struct itimerspec *next, struct itimerspec *before) {
    int64_t since = real_now();
    int result = REAL(int, timer_settime, (errno = ENOSYS, -1),
                      (timer_t, int, const struct itimerspec *, struct itimerspec *), id, flags, next, before);
    if (result || is_silent(id)) return result;
    struct itimerspec now = *next;
    if (flags & TIMER_ABSTIME) REAL(int, timer_gettime, -1, (timer_t, struct itimerspec *), id, &now);
    tell_bell(TIMER, (uintptr_t)id, since, span(now.it_value.tv_sec, now.it_value.tv_nsec),
              span(next->it_interval.tv_sec, next->it_interval.tv_nsec));
    return 0;
}

HOOK(int, timer_settime, timer_t id, int flags, const struct itimerspec *next, struct itimerspec *before) {
    struct timer *timer = timer_of(id);
    if (!timer) return set_theirs(id, flags, next, before);
    if (!is_valid(&next->it_value)) {
        errno = EINVAL;
        return -1;
    }
    struct timespec value = next->it_value;
    if (before) *before = (struct itimerspec){.it_value = timespec_of(left_of(timer))};
    int64_t length = span(value.tv_sec, value.tv_nsec);
    set(timer, !length ? 0 : flags & TIMER_ABSTIME ? due_at(timer->clock, &value) : due_after(length));
    return 0;
}

HOOK(int, timer_gettime, timer_t id, struct itimerspec *now) {
    struct timer *timer = timer_of(id);
    if (!timer) return REAL(int, timer_gettime, (errno = ENOSYS, -1), (timer_t, struct itimerspec *), id, now);
    *now = (struct itimerspec){.it_value = timespec_of(left_of(timer))};
    return 0;
}

HOOK(int, timer_getoverrun, timer_t id) {
    if (timer_of(id)) return 0;
    return REAL(int, timer_getoverrun, (errno = ENOSYS, -1), (timer_t), id);
}

HOOK(int, timer_delete, timer_t id) {
    struct timer *timer = timer_of(id);
    if (!timer) {
        int result = REAL(int, timer_delete, (errno = ENOSYS, -1), (timer_t), id);
        if (!result) tell_bell(TIMER, (uintptr_t)id, 0, 0, 0);
        return result;
    }
    set(timer, 0);
    __atomic_store_n(&timer->used, false, __ATOMIC_RELEASE);
    return 0;
}
