// Sockets with the same options as the recorder's: kernel time stamps and the kernel's drop counter with each datagram.
#define _GNU_SOURCE
#include "baseline.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

extern const struct sink *sink;
extern uint64_t received;

struct sockets {
    bool gathered;
    int first_port, count;
    int *fd;
    struct mmsghdr *messages;
    struct iovec *vectors;
    struct sockaddr_in *names;
    uint8_t *payloads, *controls;
};

enum { CONTROL_BYTES = 128, MEMORY_INFO_DROPS = 8 };

uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int open_port(int port, bool gathered, int buffer_bytes)
{
    int one = 1;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one)
        || setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof one)
        || (gathered && setsockopt(fd, IPPROTO_IP, IP_RECVORIGDSTADDR, &one, sizeof one))) {
        perror("socket");
        exit(1);
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes))
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (void *)&address, sizeof address)) {
        perror("bind");
        exit(1);
    }
    return fd;
}

struct sockets *sockets_open(bool gathered, int first_port, int pairs, int buffer_bytes)
{
    struct sockets *s = calloc(1, sizeof *s);
    s->gathered = gathered;
    s->first_port = first_port;
    s->count = gathered ? 1 : pairs * 2;
    s->fd = calloc(s->count, sizeof *s->fd);
    for (int i = 0; i < s->count; i++)
        s->fd[i] = open_port(first_port + i, gathered, buffer_bytes);
    if (gathered)
        gather_ports(s->fd[0], first_port, first_port + pairs * 2 - 1);

    s->messages = calloc(BATCH, sizeof *s->messages);
    s->vectors = calloc(BATCH, sizeof *s->vectors);
    s->names = calloc(BATCH, sizeof *s->names);
    s->controls = calloc(BATCH, CONTROL_BYTES);
    s->payloads = mmap(0, BATCH * MAX_PACKET, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    for (int i = 0; i < BATCH; i++) {
        struct msghdr *header = &s->messages[i].msg_hdr;
        s->vectors[i] = (struct iovec){ s->payloads + i * MAX_PACKET, MAX_PACKET };
        header->msg_iov = &s->vectors[i];
        header->msg_iovlen = 1;
        header->msg_name = &s->names[i];
        header->msg_control = s->controls + i * CONTROL_BYTES;
        header->msg_namelen = sizeof *s->names;
        header->msg_controllen = CONTROL_BYTES;
    }
    return s;
}

int sockets_count(const struct sockets *s)
{
    return s->count;
}

static void describe(const struct sockets *s, int index, struct msghdr *header, struct packet *p)
{
    int port = s->first_port + index;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            const struct timespec *t = (void *)CMSG_DATA(c);
            p->arrival_ns = (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_ORIGDSTADDR) {
            port = ntohs(((struct sockaddr_in *)CMSG_DATA(c))->sin_port);
        }
    }
    p->stream = (uint32_t)(port - s->first_port) / 2;
}

int sockets_drain(struct sockets *s, int index)
{
    int total = 0, count;
    do {
        count = recvmmsg(s->fd[index], s->messages, BATCH, MSG_DONTWAIT, 0);
        for (int i = 0; i < count; i++) {
            struct msghdr *header = &s->messages[i].msg_hdr;
            struct packet p = { .bytes = s->vectors[i].iov_base, .length = s->messages[i].msg_len };
            p.source = s->names[i].sin_addr.s_addr;
            p.source_port = s->names[i].sin_port;
            describe(s, index, header, &p);
            header->msg_namelen = sizeof *s->names;
            header->msg_controllen = CONTROL_BYTES;
            sink->packet(&p);
        }
        total += count > 0 ? count : 0;
    } while (count == BATCH);
    received += (uint64_t)total;
    return total;
}

uint64_t sockets_drops(const struct sockets *s)
{
    uint64_t drops = 0;
    for (int i = 0; i < s->count; i++) {
        uint32_t info[MEMORY_INFO_DROPS + 1];
        socklen_t length = sizeof info;
        if (!getsockopt(s->fd[i], SOL_SOCKET, SO_MEMINFO, info, &length))
            drops += info[MEMORY_INFO_DROPS];
    }
    return drops;
}
