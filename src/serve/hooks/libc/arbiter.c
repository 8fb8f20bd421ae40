/* The connections to doccheck's arbiter: each message is a line of text. */
#include "clock.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* From where on a connection's descriptor stands: no program looks there. */
#define FIRST_DESCRIPTOR 700

static struct line lines[16];

/* The program may have closed the descriptor, and may have opened something of its own in its place. */
bool is_open(const struct line *line) {
    struct stat now;
    if (line->descriptor <= 0 || syscall(SYS_fstat, line->descriptor, &now)) return false;
    return now.st_dev == line->device && now.st_ino == line->file;
}

void hang_up(struct line *line) {
    if (is_open(line)) syscall(SYS_close, line->descriptor);
    line->descriptor = 0;
}

char *put(char *to, const char *text) {
    while (*text) *to++ = *text++;
    return to;
}

char *put_number(char *to, int64_t number) {
    char digits[24], *at = digits + sizeof digits;
    do *--at = (char)('0' + number % 10);
    while (number /= 10);
    memcpy(to, at, (size_t)(digits + sizeof digits - at));
    return to + (digits + sizeof digits - at);
}

bool tell(int arbiter, const char *text, const char *end) {
    return syscall(SYS_sendto, arbiter, text, end - text, MSG_NOSIGNAL, NULL, 0) == end - text;
}

static void say(const struct line *line, const char *text, const char *end) {
    if (!tell(line->descriptor, text, end)) die("doccheck does not listen");
}

int reach(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    in_folder(address.sun_path, sizeof address.sun_path, "/arbiter");
    int low = (int)syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (low < 0) return -1;
    long failed;
    do failed = syscall(SYS_connect, low, &address, sizeof address);
    while (failed && errno == EINTR);
    if (failed) {
        syscall(SYS_close, low);
        return -1;
    }
    /* High, where no program looks; below what the program may have at all. */
    struct rlimit limit;
    int first = FIRST_DESCRIPTOR;
    if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < FIRST_DESCRIPTOR + 16) first = (int)limit.rlim_cur - 16;
    int high = (int)syscall(SYS_fcntl, low, F_DUPFD_CLOEXEC, first > 3 ? first : 3);
    if (high >= 0) syscall(SYS_close, low);
    return high >= 0 ? high : low;
}

void call_up(struct line *line) {
    line->descriptor = reach();
    if (line->descriptor < 0) die("nobody answers");
    line->length = 0;
    struct stat now;
    if (syscall(SYS_fstat, line->descriptor, &now)) die("its connection is gone");
    line->device = now.st_dev;
    line->file = now.st_ino;
    char text[64];
    say(line, text, put(put_number(put(text, "hello libc "), getpid()), "\n"));
}

void ask(struct line *line, int64_t due) {
    char text[96], *end = put_number(put(text, "wait "), ++line->id);
    end = put_number(put(end, " "), due);
    end = put_number(put(end, " "), syscall(SYS_gettid) - getpid());
    say(line, text, put(end, "\n"));
}

void cancel(struct line *line) {
    char text[48];
    say(line, text, put(put_number(put(text, "cancel "), line->id), "\n"));
}

/* Words about an earlier wait come late. */
bool was_woken(struct line *line) {
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

void settle(void) {
    int error = errno;
    struct line *line = take_line();
    char text[48];
    say(line, text, put(put_number(put(text, "now "), ++line->id), "\n"));
    struct pollfd answer = {.fd = line->descriptor, .events = POLLIN};
    while (!was_woken(line)) syscall(SYS_ppoll, &answer, 1, NULL, NULL, 0);
    give_back(line);
    errno = error;
}

struct line *take_line(void) {
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (__atomic_exchange_n(&lines[i].busy, true, __ATOMIC_ACQUIRE)) continue;
        if (!is_open(&lines[i])) call_up(&lines[i]);
        return &lines[i];
    }
    die("too many threads wait at once");
}

void give_back(struct line *line) { __atomic_store_n(&line->busy, false, __ATOMIC_RELEASE); }

void forget_lines(void) {
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        hang_up(&lines[i]);
        lines[i].busy = false;
    }
}
