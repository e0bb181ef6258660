// A program at the socket look-up hook: UDP to local ports first..last goes to one socket (Linux 5.9 and later).
#define _GNU_SOURCE
#include "baseline.h"
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { UDP = 17, MAP_LOOKUP = 1, SK_RELEASE = 86, SK_ASSIGN = 124 };

static int bpf(const char *what, int command, union bpf_attr *attributes)
{
    int result = (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
    if (result < 0) {
        perror(what);
        exit(1);
    }
    return result;
}

static int make_map(int socket)
{
    union bpf_attr map = { .map_type = BPF_MAP_TYPE_SOCKMAP, .key_size = 4, .value_size = 8, .max_entries = 1 };
    int fd = bpf("sockmap", BPF_MAP_CREATE, &map);
    uint32_t key = 0;
    uint64_t value = (uint64_t)socket;
    union bpf_attr update = { .map_fd = (uint32_t)fd, .key = (uintptr_t)&key, .value = (uintptr_t)&value };
    bpf("sockmap entry", BPF_MAP_UPDATE_ELEM, &update);
    return fd;
}

void gather_ports(int socket, int first, int last)
{
    int map = make_map(socket);
    const int protocol = offsetof(struct bpf_sk_lookup, protocol), port = offsetof(struct bpf_sk_lookup, local_port);
    struct bpf_insn program[] = {
        { .code = 0xbf, .dst_reg = 6, .src_reg = 1 },                                // r6 = context
        { .code = 0x61, .dst_reg = 2, .src_reg = 6, .off = (short)protocol },        // r2 = protocol
        { .code = 0x55, .dst_reg = 2, .off = 16, .imm = UDP },                       // not UDP: pass
        { .code = 0x61, .dst_reg = 2, .src_reg = 6, .off = (short)port },            // r2 = local port
        { .code = 0xa5, .dst_reg = 2, .off = 14, .imm = first },                     // below: pass
        { .code = 0x25, .dst_reg = 2, .off = 13, .imm = last },                      // above: pass
        { .code = 0x62, .dst_reg = 10, .off = -4, .imm = 0 },                        // key = 0
        { .code = 0x18, .dst_reg = 1, .src_reg = 1, .imm = map }, { 0 },             // r1 = map
        { .code = 0xbf, .dst_reg = 2, .src_reg = 10 }, { .code = 0x07, .dst_reg = 2, .imm = -4 },
        { .code = 0x85, .imm = MAP_LOOKUP },
        { .code = 0x15, .dst_reg = 0, .off = 6, .imm = 0 },                          // no socket: pass
        { .code = 0xbf, .dst_reg = 7, .src_reg = 0 },
        { .code = 0xbf, .dst_reg = 1, .src_reg = 6 }, { .code = 0xbf, .dst_reg = 2, .src_reg = 7 },
        { .code = 0xb7, .dst_reg = 3, .imm = 0 },
        { .code = 0x85, .imm = SK_ASSIGN },
        { .code = 0x05, .off = 2 },
        { .code = 0xb7, .dst_reg = 0, .imm = 1 }, { .code = 0x95 },                  // pass
        { .code = 0xbf, .dst_reg = 1, .src_reg = 7 }, { .code = 0x85, .imm = SK_RELEASE },
        { .code = 0xb7, .dst_reg = 0, .imm = 1 }, { .code = 0x95 },
    };
    union bpf_attr load = {
        .prog_type = BPF_PROG_TYPE_SK_LOOKUP, .expected_attach_type = BPF_SK_LOOKUP, .insns = (uintptr_t)program,
        .insn_cnt = sizeof program / sizeof *program, .license = (uintptr_t) "GPL",
    };
    union bpf_attr link = { 0 };
    link.link_create.prog_fd = (uint32_t)bpf("sk_lookup program", BPF_PROG_LOAD, &load);
    link.link_create.target_fd = (uint32_t)open("/proc/self/ns/net", O_RDONLY);
    link.link_create.attach_type = BPF_SK_LOOKUP;
    bpf("sk_lookup link", BPF_LINK_CREATE, &link);
}
