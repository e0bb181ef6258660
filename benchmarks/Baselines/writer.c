// Appends to one file, whose space is reserved and used round and round. A writer thread writes whole blocks; a sync
// thread makes them durable. The receive thread waits only when every block is full.
#define _GNU_SOURCE
#include "baseline.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024, BLOCKS = 64, SLACK = 32 * 1024 };
static const off_t FILE_BYTES = (off_t)1 << 30;

static uint8_t *block[BLOCKS];
static size_t length[BLOCKS];
static atomic_ulong head, tail;
static atomic_ulong written;
static atomic_bool stopping;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static pthread_t write_thread, sync_thread;
static int file = -1, interval_ms;

static void *write_blocks(void *unused)
{
    off_t offset = 0;
    for (;;) {
        pthread_mutex_lock(&gate);
        while (atomic_load(&head) == atomic_load(&tail) && !stopping)
            pthread_cond_wait(&filled, &gate);
        pthread_mutex_unlock(&gate);
        unsigned long next = atomic_load(&tail);
        if (next == atomic_load(&head))
            return unused;
        size_t bytes = length[next % BLOCKS];
        if (offset + (off_t)bytes > FILE_BYTES)
            offset = 0;
        if (pwrite(file, block[next % BLOCKS], bytes, offset) != (ssize_t)bytes) {
            perror("pwrite");
            exit(1);
        }
        offset += (off_t)bytes;
        length[next % BLOCKS] = 0;
        atomic_fetch_add(&written, bytes);
        atomic_store(&tail, next + 1);
    }
}

static void *sync_file(void *unused)
{
    unsigned long synced = 0;
    while (!stopping) {
        usleep((useconds_t)interval_ms * 1000);
        unsigned long now = atomic_load(&written);
        if (now != synced && fdatasync(file)) {
            perror("fdatasync");
            exit(1);
        }
        synced = now;
    }
    return unused;
}

void writer_open(const char *path, int sync_ms)
{
    interval_ms = sync_ms;
    file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (file < 0 || fallocate(file, 0, 0, FILE_BYTES)) {
        perror(path);
        exit(1);
    }
    for (int i = 0; i < BLOCKS; i++) {
        block[i] = aligned_alloc(4096, BLOCK + SLACK);
        memset(block[i], 0, BLOCK + SLACK);
    }
    pthread_create(&write_thread, 0, write_blocks, 0);
    pthread_create(&sync_thread, 0, sync_file, 0);
}

uint8_t *writer_reserve(size_t bytes)
{
    unsigned long at = atomic_load_explicit(&head, memory_order_relaxed);
    if (length[at % BLOCKS] + bytes > BLOCK + SLACK)
        writer_push();
    at = atomic_load_explicit(&head, memory_order_relaxed);
    return block[at % BLOCKS] + length[at % BLOCKS];
}

void writer_append(size_t bytes)
{
    unsigned long at = atomic_load_explicit(&head, memory_order_relaxed);
    length[at % BLOCKS] += bytes;
    if (length[at % BLOCKS] >= BLOCK)
        writer_push();
}

void writer_push(void)
{
    unsigned long at = atomic_load_explicit(&head, memory_order_relaxed);
    if (length[at % BLOCKS] == 0)
        return;
    while (at - atomic_load(&tail) >= BLOCKS - 1)
        usleep(200);
    pthread_mutex_lock(&gate);
    atomic_store(&head, at + 1);
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&gate);
}

uint64_t writer_close(void)
{
    if (file < 0)
        return 0;
    writer_push();
    pthread_mutex_lock(&gate);
    stopping = true;
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&gate);
    pthread_join(write_thread, 0);
    pthread_join(sync_thread, 0);
    if (fdatasync(file))
        perror("fdatasync");
    return written;
}
