/* Reading the clock. */
#include "clock.h"

/* What the monotonic clocks show at the world's first instant: a machine that has been up for a while. */
#define UPTIME (100000 * SECOND)
#define CENTURY (100 * 366 * INT64_C(86400))

static int64_t last, base_seen, readings;
/* Nothing was told yet since this process came to be. */
static bool fresh = true;

/* How often bash reads the clock for itself before a script can. */
static int starting = 3;

static int64_t load(int64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

static void store(int64_t *word, int64_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }

static void raise_to(int64_t *word, int64_t value) {
    int64_t now = load(word);
    while (now < value && !__atomic_compare_exchange_n(word, &now, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

/* The time, as far as it is known here. */
static int64_t shown(void) {
    int64_t now = load(&world->base), ticks = load(&world->ticks), own = load(&last);
    if (now < ticks) now = ticks;
    return now < own ? own : now;
}

int64_t real_now(void) {
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec / 1000;
}

int64_t peek(void) {
    if (load(&world->sleepers)) settle();
    return shown();
}

/* Programs that are started for one look each are a loop that waits for something. 50 looks on end take no time to speak
 * of; from then on each sleeps a little first: others have done what they do at this instant before it goes on. */
void pass_turn(void) {
    int64_t base = load(&world->base);
    if (load(&world->turned) != base) {
        store(&world->turned, base);
        store(&world->turns, 0);
    }
    int64_t count = __atomic_add_fetch(&world->turns, 1, __ATOMIC_ACQ_REL);
    if (count <= 50) return;
    int error = errno;
    sleep_until(peek() / MILLISECOND * MILLISECOND + (count <= 200 ? 1 : 100) * MILLISECOND);
    errno = error;
    store(&world->turned, load(&world->base));
}

/* The first reading of a program that is started for each is told. */
static int64_t read_first(void) {
    pass_turn();
    for (;;) {
        int64_t ticks = load(&world->ticks), next = shown() + 1;
        if (__atomic_compare_exchange_n(&world->ticks, &ticks, next, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            return next;
        }
    }
}

static int64_t reading(void) {
    int64_t now, before = peek();
    if (fresh && starting > 0 && kind() == TELLING_LATER) {
        now = before;
        starting--;
    } else if (fresh && kind() != WAITING) {
        now = read_first();
        fresh = false;
    } else {
        int64_t base = load(&world->base);
        if (base != base_seen) base_seen = base, readings = 0;
        int64_t count = __atomic_add_fetch(&readings, 1, __ATOMIC_RELAXED);
        now = before + (count <= 10000 ? 1 : count <= 100000 ? 10 : count <= 1000000 ? 100 : 1000);
        if (kind() == WAITING && count <= 1000) now = before;
        if (now / MILLISECOND > before / MILLISECOND) raise_to(&world->ticks, now);
    }
    raise_to(&last, now);
    return now;
}

void forget_readings(void) {
    fresh = true;
    starting = 0;
    readings = 0;
}

enum clock clock_of(clockid_t id) {
    switch (id) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
        return WALL;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        return MONOTONIC;
    default:
        return NO_CLOCK;
    }
}

static int64_t to_monotonic(int64_t wall) { return wall - world->start + UPTIME; }

struct timespec timespec_of(int64_t time) {
    return (struct timespec){.tv_sec = time / SECOND, .tv_nsec = time % SECOND * 1000};
}

struct timeval timeval_of(int64_t time) {
    return (struct timeval){.tv_sec = time / SECOND, .tv_usec = time % SECOND};
}

int64_t span(int64_t seconds, int64_t nanoseconds) {
    if (seconds > CENTURY) return NEVER;
    return seconds * SECOND + (nanoseconds + 999) / 1000;
}

int64_t due_after(int64_t duration) {
    if (duration == NEVER) return NEVER;
    return (peek() + duration + MILLISECOND - 1) / MILLISECOND * MILLISECOND;
}

int64_t due_at(enum clock clock, const struct timespec *at) {
    int64_t time = at->tv_sec > INT64_MAX / SECOND / 2 ? NEVER : at->tv_sec * SECOND + (at->tv_nsec + 999) / 1000;
    if (time == NEVER) return NEVER;
    if (clock == MONOTONIC) time = time - UPTIME + world->start;
    return (time + MILLISECOND - 1) / MILLISECOND * MILLISECOND;
}

int64_t left(int64_t due) {
    if (due == NEVER) return CENTURY * SECOND;
    int64_t now = peek();
    return due > now ? due - now : 0;
}

bool is_valid(const struct timespec *time) {
    return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec < 1000000000;
}

HOOK(int, clock_gettime, clockid_t id, struct timespec *at) {
    if (!hooked() || clock_of(id) == NO_CLOCK) {
        return REAL(int, clock_gettime, syscall(SYS_clock_gettime, id, at), (clockid_t, struct timespec *), id, at);
    }
    int64_t now = reading();
    *at = timespec_of(clock_of(id) == WALL ? now : to_monotonic(now));
    return 0;
}

/* Whoever reads the same time twice takes the time between for a part of this: wget, for the rate of what took none. */
HOOK(int, clock_getres, clockid_t id, struct timespec *step) {
    if (!hooked() || kind() != WAITING || clock_of(id) == NO_CLOCK) {
        return REAL(int, clock_getres, syscall(SYS_clock_getres, id, step), (clockid_t, struct timespec *), id, step);
    }
    if (step) *step = timespec_of(MILLISECOND);
    return 0;
}

HOOK(int, timespec_get, struct timespec *at, int base) {
    if (!hooked() || base != TIME_UTC) {
        return REAL(int, timespec_get, 0, (struct timespec *, int), at, base);
    }
    *at = timespec_of(reading());
    return base;
}

HOOK(int, gettimeofday, struct timeval *at, struct timezone *zone) {
    if (!hooked()) {
        return REAL(int, gettimeofday, syscall(SYS_gettimeofday, at, zone), (struct timeval *, struct timezone *), at,
                    zone);
    }
    if (at) *at = timeval_of(reading());
    if (zone) *zone = (struct timezone){0};
    return 0;
}

HOOK(time_t, time, time_t *at) {
    time_t now;
    if (hooked()) {
        now = (time_t)(reading() / SECOND);
    } else {
        struct timespec real;
        now = REAL(time_t, time, (syscall(SYS_clock_gettime, CLOCK_REALTIME, &real), real.tv_sec), (time_t *), NULL);
    }
    if (at) *at = now;
    return now;
}
