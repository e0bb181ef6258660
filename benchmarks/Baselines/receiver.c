// receiver scan|gather none|plain|crypto FIRST_PORT PAIRS INTERVAL_MS BUFFER_BYTES FILE
// Prints "ready", records until its standard input ends, then prints one line of JSON.
#define _GNU_SOURCE
#include "baseline.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// RTCP comes every few seconds: its ports are read every tenth scan.
enum { RTCP_EVERY = 10 };

const struct sink *sink;
uint64_t received;
static atomic_bool stopping;

static void *wait_for_end(void *unused)
{
    char c;
    while (read(0, &c, 1) > 0) {
    }
    stopping = true;
    return unused;
}

static void scan(struct sockets *s, uint64_t round)
{
    if (sockets_count(s) == 1) {
        sockets_drain(s, 0);
        return;
    }
    for (int i = 0; i < sockets_count(s); i += 2) {
        sockets_drain(s, i);
        if (round % RTCP_EVERY == 0)
            sockets_drain(s, i + 1);
    }
}

static void run(struct sockets *s, uint64_t interval_ns)
{
    uint64_t due = now_ns();
    for (uint64_t round = 0; !stopping; round++) {
        scan(s, round);
        uint64_t now = now_ns();
        sink->tick(now);
        due = due + interval_ns > now ? due + interval_ns : now;
        struct timespec rest = { 0, (long)(due - now) };
        nanosleep(&rest, 0);
    }
    scan(s, 0);
}

int main(int count, char **words)
{
    if (count != 8) {
        fprintf(stderr, "usage: receiver scan|gather none|plain|crypto FIRST PAIRS INTERVAL_MS BUFFER FILE\n");
        return 2;
    }
    bool crypto = !strcmp(words[2], "crypto"), plain = !strcmp(words[2], "plain");
    int pairs = atoi(words[4]);
    sink = crypto ? &crypto_sink : plain ? &plain_sink : &none_sink;
    if (crypto)
        crypto_open(pairs);
    if (crypto || plain)
        writer_open(words[7], crypto ? 20 : 1000);
    struct sockets *s = sockets_open(!strcmp(words[1], "gather"), atoi(words[3]), pairs, atoi(words[6]));
    pthread_t input;
    pthread_create(&input, 0, wait_for_end, 0);
    puts("ready");
    fflush(stdout);
    run(s, (uint64_t)atoi(words[5]) * 1000000);
    sink->end();
    uint64_t bytes = writer_close();
    printf("{\"received\":%lu,\"stored\":%lu,\"kernelDrops\":%lu,\"ownDrops\":0,\"bytes\":%lu}\n",
        received, received, sockets_drops(s), bytes);
    return 0;
}
