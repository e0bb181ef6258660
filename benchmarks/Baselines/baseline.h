// What a C programmer would write for the same work, to measure the recorder against. One receive thread, one writer
// thread, one sync thread; no error recovery, no calls, no keys worth having.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_PACKET = 2048, BATCH = 256 };

struct packet {
    const uint8_t *bytes;
    uint32_t length;
    uint32_t stream;     // which pair of ports, from 0
    uint64_t arrival_ns; // the kernel's stamp, real time
    uint32_t source;     // IPv4 address and
    uint16_t source_port;
};

// sockets.c
struct sockets;
struct sockets *sockets_open(bool gathered, int first_port, int pairs, int buffer_bytes);
// Reads one socket until it is dry; gives what was read to the sink.
int sockets_drain(struct sockets *s, int index);
int sockets_count(const struct sockets *s);
uint64_t sockets_drops(const struct sockets *s);
uint64_t now_ns(void);

// gather.c: steers UDP ports first..last of this network namespace to one socket (BPF_PROG_TYPE_SK_LOOKUP)
void gather_ports(int socket, int first, int last);

// writer.c: bytes go to a file in blocks of 256 KiB; fdatasync every interval
void writer_open(const char *path, int sync_ms);
uint8_t *writer_reserve(size_t bytes); // valid until the next call of any of these
void writer_append(size_t bytes);      // that much of what was reserved is filled
void writer_push(void);                // hands over a block that is not full
uint64_t writer_close(void);           // all written and synced; returns bytes

// sinks
struct sink {
    void (*packet)(const struct packet *p);
    void (*tick)(uint64_t now); // at least every 20 ms
    void (*end)(void);
};
extern const struct sink none_sink, plain_sink, crypto_sink;
void crypto_open(int streams);
