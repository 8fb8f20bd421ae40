/* What the parts of the library have in common. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
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

/* Absent in some processes: before glibc 2.34 it stands in a library of its own. */
#pragma weak dlsym

#define NEVER INT64_MAX
#define SECOND INT64_C(1000000)
#define MILLISECOND INT64_C(1000)

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
    /* The same, but for its own start, which moves no clock: what runs beside it must not depend on when it starts. */
    TELLING_LATER,
};

/* In the order of the file; microseconds since 1970. Only doccheck's arbiter moves the base; what a process reads
 * beyond it is told in the ticks. `sleepers` is how many sleep out of the hooks' reach: where it is not 0, the arbiter is
 * asked before the clock is read, since it moves the base when such a sleep is over. `turns` is how many looks of
 * programs there were on end (`pass_turn`) while the base was `turned`. */
struct world {
    int64_t base, ticks, start, sleepers, turned, turns;
};

/* programs.c */
extern struct world *world;
/* What this program is, found out once. */
enum kind kind(void);
/* True in a program on the list. */
bool hooked(void);
/* Ends the program: on two clocks it would be wrong without a word. */
_Noreturn void die(const char *what);
/* True in a program of a page with a clock. */
bool has_folder(void);
/* The path of a file in the clock's folder. */
void in_folder(char *path, size_t size, const char *name);

/* readings.c */
enum clock { WALL, MONOTONIC, NO_CLOCK };
enum clock clock_of(clockid_t id);
/* What the clock shows, without a reading. */
int64_t peek(void);
/* A program looks whether something has happened, and does not wait for it. */
void pass_turn(void);
/* A duration in microseconds, rounded up; what no clock will show is NEVER. */
int64_t span(int64_t seconds, int64_t nanoseconds);
/* The whole millisecond at which a wait from now on, or until a moment of that clock, is over. */
int64_t due_after(int64_t duration);
int64_t due_at(enum clock clock, const struct timespec *at);
int64_t left(int64_t due);
bool is_valid(const struct timespec *time);
struct timespec timespec_of(int64_t time);
struct timeval timeval_of(int64_t time);
void forget_readings(void);
/* What the machine's own monotonic clock shows. */
int64_t real_now(void);

/* arbiter.c */
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
/* A descriptor that leads to the arbiter, where no program looks; -1 where nobody answers. */
int reach(void);
/* Parts of a message, each put behind the one before. */
char *put(char *to, const char *text);
char *put_number(char *to, int64_t number);
/* Sends a message; false where nobody listens. */
bool tell(int arbiter, const char *text, const char *end);
bool is_open(const struct line *line);
void call_up(struct line *line);
void hang_up(struct line *line);
/* Asks to be woken at `due`; one wait at a time is under way on a line. */
void ask(struct line *line, int64_t due);
void cancel(struct line *line);
/* Waits until the arbiter has moved the clock for everybody who has slept out of the hooks' reach and woken. */
void settle(void);
/* Reads what the arbiter said; true where it woke this wait. */
bool was_woken(struct line *line);
struct line *take_line(void);
void give_back(struct line *line);
void forget_lines(void);

/* What sleeps for less may be a pause that a runtime makes for itself. */
#define SHORTEST (10 * MILLISECOND)

/* sleeps.c: around a call that sleeps for so many microseconds, in a program that is not on the list. */
struct sleep {
    int arbiter;
    int64_t since;
};
struct sleep begin_sleep(int64_t length);
void end_sleep(struct sleep sleep);
/* The same around a call, whose result it gives. */
#define SLEEPING(length, call)                     \
    ({                                             \
        struct sleep sleep_ = begin_sleep(length); \
        __typeof__(call) result_ = call;           \
        end_sleep(sleep_);                         \
        result_;                                   \
    })

/* waits.c */
/* Sleeps until `due`; -1 where a signal came before. */
int sleep_until(int64_t due);

/* timers.c */
void forget_timers(void);

/* alarms.c: what rings in real time. */
enum bell {
    /* The process's alarm clock; its number is 0. */
    OF_PROCESS,
    /* By `timer_create`; its number is its id. */
    TIMER,
    /* By `timerfd_create`; its number is the descriptor. */
    DESCRIPTOR,
};
/* Tells the arbiter that one was set at `since`, to ring after `length` and every `interval` from then on; `length` 0:
 * not at all. */
void tell_bell(enum bell bell, uint64_t number, int64_t since, int64_t length, int64_t interval);
