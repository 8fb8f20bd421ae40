/* Gives shells and small programs of the command line the page's clock.
 *
 * Preloaded into every process of a page whose time is virtual. In the programs that it knows it takes the place of
 * the C library's clocks and waits: a reading comes from the file that doccheck shares with the page, a wait becomes
 * "wake me at T" to doccheck's arbiter, and a time-out that comes with descriptors is a wait for them and for the
 * arbiter. In all others every call goes on to the C library, but for what sockets.c says, and what sleeps.c and
 * alarms.c tell. It needs no library but what the process has already, so that it runs under any C library, and it
 * finds its own functions' namesakes only when one is called.
 *
 * This part knows the programs. */
#include "clock.h"

#include <pthread.h>
#include <sys/mman.h>

/* Which of the two there is depends on the C library. */
#pragma weak pthread_atfork
extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *) __attribute__((weak));

extern char **environ;

static const struct {
    const char *name;
    enum kind kind;
} PROGRAMS[] = {
    {"bash", TELLING_LATER}, {"sh", TELLING},        {"dash", TELLING},    {"ash", TELLING},     {"zsh", TELLING},
    {"ksh", TELLING},        {"mksh", TELLING},      {"busybox", TELLING}, {"date", TELLING},    {"coreutils", TELLING},
    {"awk", TELLING},        {"gawk", TELLING},      {"mawk", TELLING},    {"jq", TELLING},      {"sqlite3", TELLING},
    {"sleep", WAITING},      {"timeout", WAITING},   {"tail", WAITING},    {"flock", WAITING},   {"curl", WAITING},
    {"wget", WAITING},       {"time", WAITING},      {"git", WAITING},
};

static enum kind found_kind;
/* As long as fits into the address of a socket. */
static char folder[100];
struct world *world;

void die(const char *what) {
    static const char head[] = "doccheck: the page's clock is out of reach: ";
    (void)!write(2, head, sizeof head - 1);
    (void)!write(2, what, strlen(what));
    (void)!write(2, "\n", 1);
    syscall(SYS_exit_group, 97);
    __builtin_unreachable();
}

bool has_folder(void) { return kind() != UNKNOWN && folder[0]; }

void in_folder(char *path, size_t size, const char *name) {
    size_t length = strlen(folder);
    if (length + strlen(name) + 1 > size) die("its folder has too long a name");
    memcpy(path, folder, length);
    strcpy(path + length, name);
}

/* A child has none of its parent's timers, and its waits are its own. */
static void forget_parent(void) {
    forget_readings();
    forget_lines();
    forget_timers();
}

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
    if (strlen(value) >= sizeof folder) {
        if (found == FOREIGN) return FOREIGN;
        die("its folder has too long a name");
    }
    strcpy(folder, value);
    if (found == FOREIGN) return FOREIGN;
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

/* Other libraries' constructors may ask before one of ours would have run. */
enum kind kind(void) {
    if (found_kind == UNKNOWN) {
        int error = errno;
        found_kind = find_out();
        errno = error;
    }
    return found_kind;
}

bool hooked(void) { return kind() != FOREIGN; }
