/* Gives shells and small programs of the command line the page's clock.
 *
 * Preloaded into every process of a page whose time is virtual. In the programs that it knows it takes the place of
 * the C library's clocks and waits: a reading comes from the file that doccheck shares with the page, a wait becomes
 * "wake me at T" to doccheck's arbiter, and a time-out that comes with descriptors is a wait for them and for the
 * arbiter. In all others every call goes on to the C library. It needs no library but what the process has already,
 * so that it runs under any C library, and it finds its own functions' namesakes only when one is called.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A function that takes the place of the C library's `name`. Its own name in C is another, because headers declare
 * that one in ways that differ from library to library. */
#define HOOK(type, name, ...)                                                             \
    __attribute__((visibility("default"))) type hook_##name(__VA_ARGS__) __asm__(#name); \
    type hook_##name(__VA_ARGS__)

/* Calls the C library's own function, or `otherwise` where the process cannot be asked for it. */
#define REAL(type, name, otherwise, parameters, ...)                               \
    ({                                                                             \
        static type(*theirs) parameters;                                           \
        if (!theirs && dlsym) theirs = (type(*) parameters)dlsym(RTLD_NEXT, #name); \
        theirs ? theirs(__VA_ARGS__) : (type)(otherwise);                          \
    })

/* Absent in some processes: before glibc 2.34 they stand in libraries of their own. */
#pragma weak dlsym
#pragma weak pthread_atfork
extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *) __attribute__((weak));
extern char **environ;

#define KERNEL_SIGNALS 8
#define FIRST_DESCRIPTOR 700
#define NEVER INT64_MAX
#define SECOND INT64_C(1000000)
#define MILLISECOND INT64_C(1000)
/* What the monotonic clocks show at the world's first instant: a machine that has been up for a while. */
#define UPTIME (100000 * SECOND)

/* ---- The programs ------------------------------------------------------------------------------------------- */

/* How a program's readings move the clock. */
enum kind {
    UNKNOWN,
    /* Not on the list: nothing is changed. It may have threads that wait in ways that are not ours. */
    FOREIGN,
    /* Waits, and reads the clock as often as its input comes in pieces: reading costs no time, so that what it
     * measures does not depend on that. */
    WAITING,
    /* Started, or forked, anew for each reading: a loop around it must come to its end. */
    TELLING,
};

static const struct {
    const char *name;
    enum kind kind;
} PROGRAMS[] = {
    {"bash", TELLING},    {"sh", TELLING},      {"dash", TELLING},    {"ash", TELLING},    {"zsh", TELLING},
    {"ksh", TELLING},     {"mksh", TELLING},    {"busybox", TELLING}, {"date", TELLING},   {"coreutils", TELLING},
    {"awk", TELLING},     {"gawk", TELLING},    {"mawk", TELLING},    {"jq", TELLING},     {"sqlite3", TELLING},
    {"sleep", WAITING},   {"timeout", WAITING}, {"tail", WAITING},    {"flock", WAITING},  {"curl", WAITING},
    {"wget", WAITING},
};

static enum kind kind;
static char folder[80];
/* In the order of the file; microseconds since 1970. */
static struct {
    int64_t base, ticks, start;
} *world;

/* Ends the program: on two clocks it would be wrong without a word. */
static void die(const char *what) {
    static const char head[] = "doccheck: the page's clock is out of reach: ";
    (void)!write(2, head, sizeof head - 1);
    (void)!write(2, what, strlen(what));
    (void)!write(2, "\n", 1);
    syscall(SYS_exit_group, 97);
    __builtin_unreachable();
}

static void in_folder(char *path, size_t size, const char *name) {
    size_t length = strlen(folder);
    if (length + strlen(name) + 1 > size) die("its folder has too long a name");
    memcpy(path, folder, length);
    strcpy(path + length, name);
}

static void forget_parent(void);

static enum kind find_out(void) {
    static const char variable[] = "DOCCHECK_CLOCK=";
    const char *value = NULL;
    for (char **entry = environ; entry && *entry && !value; entry++) {
        if (!strncmp(*entry, variable, sizeof variable - 1)) value = *entry + sizeof variable - 1;
    }
    char program[4096];
    long length = syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", program, sizeof program - 1);
    if (!value || length <= 0) return FOREIGN;
    program[length] = 0;
    const char *name = strrchr(program, '/');
    name = name ? name + 1 : program;
    enum kind found = FOREIGN;
    for (size_t i = 0; i < sizeof PROGRAMS / sizeof *PROGRAMS; i++) {
        if (!strcmp(name, PROGRAMS[i].name)) found = PROGRAMS[i].kind;
    }
    if (found == FOREIGN) return FOREIGN;
    if (strlen(value) >= sizeof folder) die("its folder has too long a name");
    strcpy(folder, value);
    char path[sizeof folder + 8];
    in_folder(path, sizeof path, "/now");
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (file < 0) die("there is no file to read it from");
    world = (void *)syscall(SYS_mmap, NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    syscall(SYS_close, file);
    if (world == MAP_FAILED) die("its file cannot be mapped");
    if (__register_atfork) __register_atfork(NULL, NULL, forget_parent, NULL);
    else if (pthread_atfork) pthread_atfork(NULL, NULL, forget_parent);
    return found;
}

/* True in a program on the list. Other libraries' constructors may ask before ours would have run. */
static bool hooked(void) {
    if (kind == UNKNOWN) {
        int error = errno;
        kind = find_out();
        errno = error;
    }
    return kind != FOREIGN;
}

/* ---- Reading the clock -------------------------------------------------------------------------------------- */

static int64_t last, base_seen, readings;
/* Nothing was read yet since this process came to be. */
static bool fresh = true;

static int64_t load(int64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

static void raise_to(int64_t *word, int64_t value) {
    int64_t now = load(word);
    while (now < value && !__atomic_compare_exchange_n(word, &now, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

static int64_t peek(void) {
    int64_t now = load(&world->base), ticks = load(&world->ticks), own = load(&last);
    if (now < ticks) now = ticks;
    return now < own ? own : now;
}

/* The first reading of a program that is started for each is published. How many there were since the base moved
 * stands in the microseconds of what is published: 50 take no time to speak of, 150 more a millisecond each, and
 * then it is a loop that waits for the time to pass. */
static int64_t read_first(void) {
    for (;;) {
        int64_t ticks = load(&world->ticks), now = peek();
        int64_t before = now % MILLISECOND;
        int64_t next = now + (before < 50 ? 1 : before < 200 ? MILLISECOND + 1 : 100 * MILLISECOND);
        if (__atomic_compare_exchange_n(&world->ticks, &ticks, next, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            return next;
        }
    }
}

static int64_t reading(void) {
    int64_t now;
    if (fresh && kind == TELLING) {
        now = read_first();
        fresh = false;
    } else {
        int64_t base = load(&world->base), before = peek();
        if (base != base_seen) base_seen = base, readings = 0;
        int64_t count = __atomic_add_fetch(&readings, 1, __ATOMIC_RELAXED);
        int64_t first = kind == WAITING ? 0 : 1;
        int64_t step = count <= 1000 ? first : count <= 10000 ? 1 : count <= 100000 ? 10 : count <= 1000000 ? 100 : 1000;
        now = before + step;
        if (now / MILLISECOND > before / MILLISECOND) raise_to(&world->ticks, now);
    }
    raise_to(&last, now);
    return now;
}

enum clock { WALL, MONOTONIC, NO_CLOCK };

static enum clock clock_of(clockid_t id) {
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

static struct timespec timespec_of(int64_t time) {
    return (struct timespec){.tv_sec = time / SECOND, .tv_nsec = time % SECOND * 1000};
}

static struct timeval timeval_of(int64_t time) {
    return (struct timeval){.tv_sec = time / SECOND, .tv_usec = time % SECOND};
}

/* In microseconds, rounded up; what no clock will show is NEVER. */
static int64_t span(int64_t seconds, int64_t nanoseconds) {
    if (seconds > 100 * 366 * INT64_C(86400)) return NEVER;
    return seconds * SECOND + (nanoseconds + 999) / 1000;
}

static int64_t due_after(int64_t duration) {
    if (duration == NEVER) return NEVER;
    return (peek() + duration + MILLISECOND - 1) / MILLISECOND * MILLISECOND;
}

static int64_t due_at(enum clock clock, const struct timespec *at) {
    int64_t time = at->tv_sec > INT64_MAX / SECOND / 2 ? NEVER : at->tv_sec * SECOND + (at->tv_nsec + 999) / 1000;
    if (time == NEVER) return NEVER;
    if (clock == MONOTONIC) time = time - UPTIME + world->start;
    return (time + MILLISECOND - 1) / MILLISECOND * MILLISECOND;
}

static int64_t left(int64_t due) {
    if (due == NEVER) return 100 * 366 * INT64_C(86400) * SECOND;
    int64_t now = peek();
    return due > now ? due - now : 0;
}

HOOK(int, clock_gettime, clockid_t id, struct timespec *at) {
    if (!hooked() || clock_of(id) == NO_CLOCK) {
        return REAL(int, clock_gettime, syscall(SYS_clock_gettime, id, at), (clockid_t, struct timespec *), id, at);
    }
    int64_t now = reading();
    *at = timespec_of(clock_of(id) == WALL ? now : to_monotonic(now));
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
        return REAL(int, gettimeofday, syscall(SYS_gettimeofday, at, zone), (struct timeval *, struct timezone *), at, zone);
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

/* ---- The arbiter -------------------------------------------------------------------------------------------- */

/* A connection. A wait has one for itself; a program without threads needs one. */
struct line {
    int descriptor;
    dev_t device;
    ino_t file;
    int64_t id;
    char text[64];
    size_t length;
    bool busy;
};

static struct line lines[16];

/* The program may have closed the descriptor, and may have opened something of its own in its place. */
static bool is_open(const struct line *line) {
    struct stat now;
    return line->descriptor > 0 && !syscall(SYS_fstat, line->descriptor, &now) && now.st_dev == line->device && now.st_ino == line->file;
}

static void hang_up(struct line *line) {
    if (is_open(line)) syscall(SYS_close, line->descriptor);
    line->descriptor = 0;
}

static char *put(char *to, const char *text) {
    while (*text) *to++ = *text++;
    return to;
}

static char *put_number(char *to, int64_t number) {
    char digits[24], *at = digits + sizeof digits;
    do *--at = (char)('0' + number % 10);
    while (number /= 10);
    memcpy(to, at, (size_t)(digits + sizeof digits - at));
    return to + (digits + sizeof digits - at);
}

static void say(const struct line *line, const char *text, const char *end) {
    size_t length = (size_t)(end - text);
    if (syscall(SYS_sendto, line->descriptor, text, length, MSG_NOSIGNAL, NULL, 0) != (long)length) die("doccheck does not listen");
}

static void call_up(struct line *line) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    in_folder(address.sun_path, sizeof address.sun_path, "/arbiter");
    int low = (int)syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (low < 0 || syscall(SYS_connect, low, &address, sizeof address)) die("nobody answers");
    /* High, where no program looks; below what the program may have at all. */
    struct rlimit limit;
    int first = FIRST_DESCRIPTOR;
    if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < FIRST_DESCRIPTOR + 16) first = (int)limit.rlim_cur - 16;
    int high = (int)syscall(SYS_fcntl, low, F_DUPFD_CLOEXEC, first > 3 ? first : 3);
    if (high >= 0) syscall(SYS_close, low);
    line->descriptor = high >= 0 ? high : low;
    line->length = 0;
    struct stat now;
    if (syscall(SYS_fstat, line->descriptor, &now)) die("its connection is gone");
    line->device = now.st_dev;
    line->file = now.st_ino;
    char text[64];
    say(line, text, put(put_number(put(text, "hello libc "), getpid()), "\n"));
}

static void ask(struct line *line, int64_t due) {
    char text[96], *end = put_number(put(text, "wait "), ++line->id);
    end = put_number(put(end, " "), due);
    end = put_number(put(end, " "), syscall(SYS_gettid) - getpid());
    say(line, text, put(end, "\n"));
}

static void cancel(struct line *line) {
    char text[48];
    say(line, text, put(put_number(put(text, "cancel "), line->id), "\n"));
}

/* Reads what the arbiter said; true where it woke this wait. Words about an earlier one come late. */
static bool was_woken(struct line *line) {
    bool woken = false;
    for (;;) {
        long got = syscall(SYS_recvfrom, line->descriptor, line->text + line->length,
                           sizeof line->text - line->length, MSG_DONTWAIT, NULL, NULL);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return woken;
        if (got <= 0) die("doccheck is gone");
        line->length += (size_t)got;
        char *end, *text = line->text;
        while ((end = memchr(text, '\n', line->length - (size_t)(text - line->text)))) {
            int64_t id = 0;
            for (char *at = text; at < end; at++) {
                if (*at >= '0' && *at <= '9') id = id * 10 + (*at - '0');
            }
            if (id == line->id) woken = true;
            text = end + 1;
        }
        line->length -= (size_t)(text - line->text);
        memmove(line->text, text, line->length);
        if (line->length == sizeof line->text) die("it is not doccheck that answers");
    }
}

static struct line *take_line(void) {
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (__atomic_exchange_n(&lines[i].busy, true, __ATOMIC_ACQUIRE)) continue;
        if (!is_open(&lines[i])) call_up(&lines[i]);
        return &lines[i];
    }
    die("too many threads wait at once");
    return NULL;
}

static void give_back(struct line *line) { __atomic_store_n(&line->busy, false, __ATOMIC_RELEASE); }

/* ---- Waiting ------------------------------------------------------------------------------------------------ */

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

static const struct timespec AT_ONCE;

static int look_by_poll(const struct watch *watch, int arbiter, bool *heard) {
    if (arbiter < 0) return (int)syscall(SYS_ppoll, watch->polled, watch->count, &AT_ONCE, watch->mask, KERNEL_SIGNALS);
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

/* Sleeps until `due`; -1 where a signal came before. */
static int sleep_until(int64_t due) {
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

static bool is_valid(const struct timespec *time) {
    return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec < 1000000000;
}

static int nanosleep_virtual(const struct timespec *duration, struct timespec *rest) {
    if (!is_valid(duration)) {
        errno = EINVAL;
        return -1;
    }
    int64_t length = span(duration->tv_sec, duration->tv_nsec);
    if (!length) return sched_yield();
    int64_t due = due_after(length);
    int result = sleep_until(due);
    if (result && rest) *rest = timespec_of(left(due));
    return result;
}

HOOK(int, nanosleep, const struct timespec *duration, struct timespec *rest) {
    if (hooked()) return nanosleep_virtual(duration, rest);
    return REAL(int, nanosleep, syscall(SYS_nanosleep, duration, rest), (const struct timespec *, struct timespec *), duration, rest);
}

HOOK(int, clock_nanosleep, clockid_t id, int flags, const struct timespec *time, struct timespec *rest) {
    if (!hooked() || clock_of(id) == NO_CLOCK) {
        return REAL(int, clock_nanosleep, syscall(SYS_clock_nanosleep, id, flags, time, rest) ? errno : 0,
                    (clockid_t, int, const struct timespec *, struct timespec *), id, flags, time, rest);
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
        return REAL(unsigned, sleep, syscall(SYS_nanosleep, &time, &rest) ? rest.tv_sec + 1 : 0, (unsigned), seconds);
    }
    if (!nanosleep_virtual(&time, &rest)) return 0;
    return (unsigned)(rest.tv_sec + (rest.tv_nsec >= 500000000));
}

HOOK(int, usleep, unsigned microseconds) {
    struct timespec time = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000};
    if (hooked()) return nanosleep_virtual(&time, NULL);
    return REAL(int, usleep, syscall(SYS_nanosleep, &time, NULL), (unsigned), microseconds);
}

static int poll_virtual(struct pollfd *polled, nfds_t count, const struct timespec *limit, const sigset_t *mask) {
    int64_t length = limit && is_valid(limit) ? span(limit->tv_sec, limit->tv_nsec) : 0;
    if (length) return poll_until(polled, count, due_after(length), mask);
    struct timespec real = limit ? *limit : AT_ONCE;
    return (int)syscall(SYS_ppoll, polled, count, limit ? &real : NULL, mask, KERNEL_SIGNALS);
}

HOOK(int, poll, struct pollfd *polled, nfds_t count, int milliseconds) {
    struct timespec limit = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
    if (hooked()) return poll_virtual(polled, count, milliseconds < 0 ? NULL : &limit, NULL);
    return REAL(int, poll, syscall(SYS_ppoll, polled, count, milliseconds < 0 ? NULL : &limit, NULL, KERNEL_SIGNALS),
                (struct pollfd *, nfds_t, int), polled, count, milliseconds);
}

HOOK(int, ppoll, struct pollfd *polled, nfds_t count, const struct timespec *limit, const sigset_t *mask) {
    if (hooked()) return poll_virtual(polled, count, limit, mask);
    struct timespec real = limit ? *limit : AT_ONCE;
    return REAL(int, ppoll, syscall(SYS_ppoll, polled, count, limit ? &real : NULL, mask, KERNEL_SIGNALS),
                (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *), polled, count, limit, mask);
}

/* What `poll` and `ppoll` are in programs that were compiled to look after their bounds. */
HOOK(int, __poll_chk, struct pollfd *polled, nfds_t count, int milliseconds, size_t size) {
    if (count > size / sizeof *polled) abort();
    return hook_poll(polled, count, milliseconds);
}

HOOK(int, __ppoll_chk, struct pollfd *polled, nfds_t count, const struct timespec *limit, const sigset_t *mask, size_t size) {
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
    struct timespec real = limit ? *limit : AT_ONCE;
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
    return REAL(int, select, select_real(below, sets, limit ? &time : NULL, NULL),
                (int, unsigned long *, unsigned long *, unsigned long *, struct timeval *), below, in, out, odd, limit);
}

HOOK(int, pselect, int below, unsigned long *in, unsigned long *out, unsigned long *odd, const struct timespec *limit, const sigset_t *mask) {
    unsigned long *sets[3] = {in, out, odd};
    int64_t length = limit && is_valid(limit) ? span(limit->tv_sec, limit->tv_nsec) : 0;
    if (hooked() && length && below >= 0 && below <= SELECTABLE) {
        return select_until(below, sets, due_after(length), mask);
    }
    if (hooked()) return select_real(below, sets, limit, mask);
    return REAL(int, pselect, select_real(below, sets, limit, mask),
                (int, unsigned long *, unsigned long *, unsigned long *, const struct timespec *, const sigset_t *), below, in, out, odd, limit, mask);
}

static int epoll_virtual(int epoll, struct epoll_event *events, int most, int milliseconds, const sigset_t *mask) {
    if (milliseconds <= 0) return (int)syscall(SYS_epoll_pwait, epoll, events, most, milliseconds, mask, KERNEL_SIGNALS);
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

/* ---- Timers ------------------------------------------------------------------------------------------------- */

/* A timer needs no thread: the kernel sends its signal when the arbiter answers on the timer's own connection. */
struct timer {
    struct line line;
    int64_t due;
    int signal;
    enum clock clock;
    bool used;
};

/* The first is the process's alarm clock. */
static struct timer timers[8] = {{.signal = SIGALRM, .used = true}};

static bool is_armed(const struct timer *timer) { return timer->due && is_open(&timer->line) && timer->due > peek(); }

static int64_t left_of(const struct timer *timer) { return is_armed(timer) ? left(timer->due) : 0; }

/* `due` 0: not at all. */
static void set(struct timer *timer, int64_t due) {
    int error = errno;
    hang_up(&timer->line);
    timer->due = due;
    if (due && due != NEVER) {
        call_up(&timer->line);
        int descriptor = timer->line.descriptor;
        if (syscall(SYS_fcntl, descriptor, F_SETSIG, timer->signal) || syscall(SYS_fcntl, descriptor, F_SETOWN, getpid()) ||
            syscall(SYS_fcntl, descriptor, F_SETFL, O_RDWR | O_ASYNC)) {
            die("it cannot send signals");
        }
        ask(&timer->line, due);
    }
    errno = error;
}

/* A child has none of its parent's timers, and its waits are its own. */
static void forget_parent(void) {
    fresh = true;
    readings = 0;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        hang_up(&lines[i]);
        lines[i].busy = false;
    }
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++) {
        hang_up(&timers[i].line);
        timers[i].due = 0;
        if (i) timers[i].used = false;
    }
}

HOOK(unsigned, alarm, unsigned seconds) {
    if (!hooked()) {
        struct itimerval next = {.it_value.tv_sec = seconds}, before = {0};
        return REAL(unsigned, alarm, (syscall(SYS_setitimer, ITIMER_REAL, &next, &before), before.it_value.tv_sec + !!before.it_value.tv_usec),
                    (unsigned), seconds);
    }
    int64_t before = left_of(timers);
    set(timers, seconds ? due_after(seconds * SECOND) : 0);
    return (unsigned)((before + SECOND - 1) / SECOND);
}

/* Timers that repeat are left to the kernel: no program on the list has one. */
HOOK(int, setitimer, int which, const struct itimerval *next, struct itimerval *before) {
    if (!hooked() || which != ITIMER_REAL || !next || next->it_interval.tv_sec || next->it_interval.tv_usec) {
        return REAL(int, setitimer, syscall(SYS_setitimer, which, next, before), (int, const struct itimerval *, struct itimerval *), which, next, before);
    }
    struct itimerval new = *next;
    if (before) *before = (struct itimerval){.it_value = timeval_of(left_of(timers))};
    int64_t length = span(new.it_value.tv_sec, new.it_value.tv_usec * 1000);
    set(timers, length ? due_after(length) : 0);
    return 0;
}

HOOK(int, getitimer, int which, struct itimerval *now) {
    if (!hooked() || which != ITIMER_REAL || !timers->due) {
        return REAL(int, getitimer, syscall(SYS_getitimer, which, now), (int, struct itimerval *), which, now);
    }
    *now = (struct itimerval){.it_value = timeval_of(left_of(timers))};
    return 0;
}

/* The timer behind an id, where it is one of ours. */
static struct timer *timer_of(timer_t id) {
    struct timer *timer = (struct timer *)id;
    return timer > timers && timer < timers + sizeof timers / sizeof *timers ? timer : NULL;
}

HOOK(int, timer_create, clockid_t id, struct sigevent *event, timer_t *made) {
    bool by_signal = !event || event->sigev_notify == SIGEV_SIGNAL || event->sigev_notify == SIGEV_NONE;
    if (hooked() && clock_of(id) != NO_CLOCK && by_signal) {
        for (struct timer *timer = timers + 1; timer < timers + sizeof timers / sizeof *timers; timer++) {
            if (__atomic_exchange_n(&timer->used, true, __ATOMIC_ACQ_REL)) continue;
            timer->signal = !event ? SIGALRM : event->sigev_notify == SIGEV_NONE ? SIGURG : event->sigev_signo;
            timer->clock = clock_of(id);
            *made = timer;
            return 0;
        }
    }
    return REAL(int, timer_create, (errno = ENOSYS, -1), (clockid_t, struct sigevent *, timer_t *), id, event, made);
}

HOOK(int, timer_settime, timer_t id, int flags, const struct itimerspec *next, struct itimerspec *before) {
    struct timer *timer = timer_of(id);
    if (!timer) {
        return REAL(int, timer_settime, (errno = ENOSYS, -1), (timer_t, int, const struct itimerspec *, struct itimerspec *), id, flags, next, before);
    }
    /* None that repeats; the program is told, as of a system without such timers. */
    if (next->it_interval.tv_sec || next->it_interval.tv_nsec || !is_valid(&next->it_value)) {
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
    if (!timer) return REAL(int, timer_delete, (errno = ENOSYS, -1), (timer_t), id);
    set(timer, 0);
    __atomic_store_n(&timer->used, false, __ATOMIC_RELEASE);
    return 0;
}
