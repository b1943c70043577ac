/* A worker after the contract that listens within milliseconds, for measuring what is not the worker.

   -interval S   seconds between two chunks (1); 0: as fast as they are read
   -lines N      lines in each chunk (1)
   -mtbf S       mean seconds of its life, exponentially distributed (0: it does not crash) */

#include <arpa/inet.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHUNKS = 512, LONGEST = 64 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void sleep_until(double due) {
    double left = due - now();
    if (left > 0) {
        struct timespec t = {(time_t)left, (long)((left - (time_t)left) * 1e9)};
        nanosleep(&t, NULL);
    }
}

static size_t write_chunk(char *to, int lines) {
    char body[lines * LONGEST];
    size_t size = 0;
    for (int i = 0; i < lines; i++)
        size += sprintf(body + size, "rnd=%d\n", rand() % 100);
    size_t head = sprintf(to, "%zx\r\n", size);
    memcpy(to + head, body, size);
    memcpy(to + head + size, "\r\n", 2);
    return head + size + 2;
}

static void stream(int peer, int id, long left, double interval, int lines, double dies_at) {
    char request[4096], head[512];
    ssize_t got = read(peer, request, sizeof request - 1);
    if (got <= 0)
        return;
    request[got] = 0;
    char *asked = strstr(request, "n=");
    left = asked ? atol(asked + 2) : left;
    int size = sprintf(head,
                       "HTTP/1.1 200 OK\r\nCache-Control: no-cache\r\nConnection: keep-alive\r\n"
                       "Content-Type: application/text\r\nX-Worker-Id: %d\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n",
                       id);
    if (write(peer, head, size) < 0)
        return;
    char *block = malloc((size_t)CHUNKS * (lines * LONGEST + 32));
    size_t full = 0; /* a block of CHUNKS full chunks is made once, and sent again and again */
    for (double due = now(); left > 0; sleep_until(due += interval)) {
        size_t length = 0;
        if (interval == 0 && left >= (long)CHUNKS * lines) {
            for (int i = 0; full == 0 && i < CHUNKS; i++)
                length += write_chunk(block + length, lines);
            full = length = full ? full : length;
            left -= (long)CHUNKS * lines;
        } else {
            int these = left < lines ? (int)left : lines;
            length = write_chunk(block, these);
            full = 0;
            left -= these;
        }
        for (size_t sent = 0; sent < length;) {
            ssize_t count = write(peer, block + sent, length - sent);
            if (count < 0)
                goto end;
            sent += count;
        }
        if (dies_at && due + interval > dies_at) {
            sleep_until(dies_at);
            exit(1);
        }
    }
    if (write(peer, "0\r\n\r\n", 5) < 0)
        goto end;
end:
    free(block);
}

int main(int count, char **words) {
    int id = 0, port = 0, lines = 1;
    double interval = 1, mtbf = 0;
    for (int i = 1; i + 1 < count; i += 2) {
        if (!strcmp(words[i], "-workerId")) id = atoi(words[i + 1]);
        if (!strcmp(words[i], "-port")) port = atoi(words[i + 1]);
        if (!strcmp(words[i], "-lines")) lines = atoi(words[i + 1]);
        if (!strcmp(words[i], "-interval")) interval = atof(words[i + 1]);
        if (!strcmp(words[i], "-mtbf")) mtbf = atof(words[i + 1]);
    }
    signal(SIGPIPE, SIG_IGN);
    srand(getpid() ^ (unsigned)(now() * 1e9));
    double dies_at = mtbf ? now() - mtbf * log((rand() + 1.0) / (RAND_MAX + 2.0)) : 0;
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 4)) {
        perror("worker");
        return 1;
    }
    fprintf(stderr, "worker %d started on port %d\n", id, port);
    for (;;) {
        int peer = accept(listener, NULL, NULL);
        if (peer >= 0) {
            stream(peer, id, 100, interval, lines, dies_at);
            close(peer);
        }
    }
}
