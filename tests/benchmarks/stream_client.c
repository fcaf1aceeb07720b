/* Holds many streams open from one thread and notes when each event reaches each of them.
 *
 * Compiled and driven by tests/benchmarks/stream_client.py. A client in Python would be busier with
 * 10,000 streams than the servers that are measured.
 *
 *   stream_client PORT CLIENTS EVENTS READY_MARK FRAME REQUEST
 *
 * REQUEST is sent on each connection, then FRAME (in hexadecimal, may be empty) when the head of the
 * answer came. A stream is open when READY_MARK was seen. Events carry "bench-" and eight digits.
 * Commands come on standard input, one a line, and are answered with one line:
 *
 *   wait EVENT MILLISECONDS   until all streams that are left have it; "got STREAMS NANOSECONDS"
 *   state                     "state OPEN CLOSED HOLES BYTES"
 *   dump FILE                 an unsigned 64-bit time (CLOCK_MONOTONIC, ns) by event and stream
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MARK "bench-"
#define MARK_SIZE 6
#define DIGITS 8
#define TOKEN (MARK_SIZE + DIGITS)
#define KEPT 64
#define AT_ONCE 64
#define READ_SIZE 65536
#define BATCH 512

struct stream {
    int fd;
    int next;        /* the event that should come next */
    short kept;      /* bytes at the end of what came, for marks that are cut in two */
    char has_head;
    char is_open;
    char tail[KEPT];
};

static struct stream *streams;
static int amount, events, opened, started, closed;
static long long holes, received;
static int *had;
static uint64_t *times;
static const char *ready_mark, *request;
static unsigned char frame[256];
static size_t frame_size;
static int poller, port;
static int waited = -1;
static uint64_t wait_until;

static uint64_t now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "stream_client: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void send_all(int fd, const void *data, size_t size) {
    if (send(fd, data, size, MSG_NOSIGNAL) != (ssize_t)size) fail("send");
}

static void start_one(void) {
    struct stream *stream = &streams[started];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event wanted = {.events = EPOLLIN, .data.u32 = (uint32_t)started};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    stream->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (stream->fd < 0) fail("socket");
    /* Loopback answers at once, or the listener's queue is full and the kernel tries again. */
    if (connect(stream->fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
    send_all(stream->fd, request, strlen(request));
    fcntl(stream->fd, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(poller, EPOLL_CTL_ADD, stream->fd, &wanted) < 0) fail("epoll_ctl");
    started++;
}

static void say_got(void) {
    uint64_t last = 0;
    for (int i = 0; i < amount; i++) {
        uint64_t at = times[(size_t)waited * amount + i];
        if (at > last) last = at;
    }
    printf("got %d %llu\n", had[waited], (unsigned long long)last);
    fflush(stdout);
    waited = -1;
}

static void note(struct stream *stream, int event, uint64_t at) {
    if (event < 0 || event >= events) return;
    if (event != stream->next) holes++;
    stream->next = event + 1;
    uint64_t *place = &times[(size_t)event * amount + (stream - streams)];
    if (*place) {
        holes++;
        return;
    }
    *place = at;
    had[event]++;
}

/* Look through what was kept and what came now; keep what may be the beginning of a mark. */
static void look(struct stream *stream, char *data, size_t size, uint64_t at) {
    char *end = data + size, *from = data, *found;
    if (!stream->has_head) {
        found = memmem(from, (size_t)(end - from), "\r\n\r\n", 4);
        if (found == NULL) goto keep;
        if (memmem(data, size, " 200 ", 5) == NULL && memmem(data, size, " 101 ", 5) == NULL) {
            fprintf(stderr, "stream_client: refused: %.*s\n", (int)(size < 300 ? size : 300), data);
            exit(1);
        }
        stream->has_head = 1;
        if (frame_size) send_all(stream->fd, frame, frame_size);
    }
    if (!stream->is_open) {
        found = memmem(from, (size_t)(end - from), ready_mark, strlen(ready_mark));
        if (found == NULL) goto keep;
        from = found + strlen(ready_mark);
        stream->is_open = 1;
        opened++;
        if (started < amount) start_one();
        if (opened == amount) {
            printf("ready\n");
            fflush(stdout);
        }
    }
    while ((found = memmem(from, (size_t)(end - from), MARK, MARK_SIZE)) != NULL) {
        if (end - found < TOKEN) break;
        char digits[DIGITS + 1];
        memcpy(digits, found + MARK_SIZE, DIGITS);
        digits[DIGITS] = 0;
        note(stream, atoi(digits), at);
        from = found + TOKEN;
    }
keep:;
    size_t most = stream->has_head ? TOKEN - 1 : KEPT;
    if (stream->has_head && !stream->is_open && strlen(ready_mark) > most) most = KEPT;
    size_t rest = (size_t)(end - from) < most ? (size_t)(end - from) : most;
    memcpy(stream->tail, end - rest, rest);
    stream->kept = (short)rest;
}

static void read_one(struct stream *stream) {
    static char buffer[KEPT + READ_SIZE];
    memcpy(buffer, stream->tail, (size_t)stream->kept);
    ssize_t size = recv(stream->fd, buffer + stream->kept, READ_SIZE, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
        closed++;
        close(stream->fd);
        stream->fd = -1;
        return;
    }
    received += size;
    look(stream, buffer, (size_t)(stream->kept + size), now());
}

static void command(char *line) {
    int event, milliseconds;
    char path[4096];
    if (sscanf(line, "wait %d %d", &event, &milliseconds) == 2) {
        if (event < 0 || event >= events) exit(2);
        waited = event;
        wait_until = now() + (uint64_t)milliseconds * 1000000u;
    } else if (strncmp(line, "state", 5) == 0) {
        printf("state %d %d %lld %lld\n", opened, closed, holes, received);
        fflush(stdout);
    } else if (sscanf(line, "dump %4095s", path) == 1) {
        FILE *file = fopen(path, "wb");
        if (file == NULL) fail("dump");
        fwrite(times, sizeof *times, (size_t)events * amount, file);
        fclose(file);
        printf("dumped\n");
        fflush(stdout);
    }
}

static void read_commands(void) {
    static char line[8192];
    static size_t size;
    ssize_t more = read(0, line + size, sizeof line - size - 1);
    if (more <= 0) exit(0);
    size += (size_t)more;
    line[size] = 0;
    char *end;
    while ((end = strchr(line, '\n')) != NULL) {
        *end = 0;
        command(line);
        size -= (size_t)(end + 1 - line);
        memmove(line, end + 1, size + 1);
    }
}

int main(int count, char **given) {
    if (count != 7) return 2;
    port = atoi(given[1]);
    amount = atoi(given[2]);
    events = atoi(given[3]);
    ready_mark = given[4];
    request = given[6];
    for (const char *hex = given[5]; hex[0] && hex[1] && frame_size < sizeof frame; hex += 2)
        sscanf(hex, "%2hhx", &frame[frame_size++]);
    streams = calloc((size_t)amount, sizeof *streams);
    had = calloc((size_t)events, sizeof *had);
    times = calloc((size_t)events * amount, sizeof *times);
    poller = epoll_create1(0);
    if (!streams || !had || !times || poller < 0) fail("start");
    /* Written once now, so that no page is missing when it matters. */
    memset(times, 0, (size_t)events * amount * sizeof *times);
    struct epoll_event wanted = {.events = EPOLLIN, .data.u32 = UINT32_MAX}, came[BATCH];
    if (epoll_ctl(poller, EPOLL_CTL_ADD, 0, &wanted) < 0) fail("epoll_ctl");
    for (int i = 0; i < AT_ONCE && i < amount; i++) start_one();
    for (;;) {
        int some = epoll_wait(poller, came, BATCH, waited < 0 ? -1 : 20);
        if (some < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < some; i++) {
            if (came[i].data.u32 == UINT32_MAX) read_commands();
            else if (streams[came[i].data.u32].fd >= 0) read_one(&streams[came[i].data.u32]);
        }
        if (waited >= 0 && (had[waited] + closed >= amount || now() > wait_until)) say_got();
    }
}
