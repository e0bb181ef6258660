// The recorder's cryptography, as lean as OpenSSL allows: chunks of one stream, at most 200 ms, one slot (1 s) or 16 KiB;
// AES-256-GCM under the slot's key with the 208 byte header authenticated; SHA-256 over the ciphertext and two more for the
// chain. Per slot: three HMAC-SHA-256 as key derivation. Algorithms are fetched once, contexts made once.
#define _GNU_SOURCE
#include "baseline.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 208, TAG = 16, RECORD = 16, MAX_TEXT = 16 * 1024, FRAME = 12, KEY = 32, HASH = 32 };
static const uint64_t SPAN_NS = 200000000, SLOT_NS = 1000000000, PUSH_NS = 20000000;

struct chunk {
    uint8_t text[MAX_TEXT];
    uint32_t length, packets;
    uint64_t first_ns, slot, next_index, cipher_slot;
    EVP_CIPHER_CTX *cipher;
    uint8_t stream_key[KEY], commitment[HASH], head[HASH];
};

static struct chunk *chunks;
static int chunk_count;
static uint64_t pushed_ns;
static EVP_CIPHER *aes;
static EVP_MD *sha;
static EVP_MD_CTX *hash;
static EVP_MAC_CTX *hmac;

static void check(int ok)
{
    if (!ok) {
        fprintf(stderr, "OpenSSL refused\n");
        exit(1);
    }
}

void crypto_open(int streams)
{
    aes = EVP_CIPHER_fetch(0, "AES-256-GCM", 0);
    sha = EVP_MD_fetch(0, "SHA256", 0);
    hash = EVP_MD_CTX_new();
    EVP_MAC *mac = EVP_MAC_fetch(0, "HMAC", 0);
    hmac = EVP_MAC_CTX_new(mac);
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END };
    check(EVP_MAC_CTX_set_params(hmac, parameters));
    chunk_count = streams;
    chunks = calloc((size_t)streams, sizeof *chunks);
    for (int i = 0; i < streams; i++) {
        chunks[i].cipher = EVP_CIPHER_CTX_new();
        chunks[i].cipher_slot = UINT64_MAX;
        memcpy(chunks[i].stream_key, &i, sizeof i);
    }
}

static void derive(const uint8_t *key, const char *label, uint64_t number, uint8_t *out)
{
    size_t length;
    check(EVP_MAC_init(hmac, key, KEY, 0));
    check(EVP_MAC_update(hmac, (const uint8_t *)label, strlen(label)));
    check(EVP_MAC_update(hmac, (const uint8_t *)&number, sizeof number));
    check(EVP_MAC_final(hmac, out, &length, HASH));
}

static void move_to_slot(struct chunk *c)
{
    uint8_t slot_key[KEY], writer_key[KEY];
    derive(c->stream_key, "slot", c->slot, slot_key);
    derive(slot_key, "commit", 0, c->commitment);
    derive(slot_key, "writer", 0, writer_key);
    check(EVP_EncryptInit_ex(c->cipher, aes, 0, writer_key, 0));
    c->cipher_slot = c->slot;
}

static void digest(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length, uint8_t *out)
{
    check(EVP_DigestInit_ex(hash, sha, 0));
    check(EVP_DigestUpdate(hash, a, a_length));
    check(EVP_DigestUpdate(hash, b, b_length));
    check(EVP_DigestFinal_ex(hash, out, 0));
}

static void seal(struct chunk *c)
{
    if (c->cipher_slot != c->slot)
        move_to_slot(c);
    size_t total = RECORD + HEADER + c->length + TAG;
    uint8_t *out = writer_reserve(total), *header = out + RECORD, *text = header + HEADER;
    memset(out, 0, RECORD + HEADER);
    memcpy(header, &c->next_index, 8);
    memcpy(header + 8, &c->slot, 8);
    memcpy(header + 16, &c->first_ns, 8);
    memcpy(header + 24, &c->packets, 4);
    memcpy(header + 28, &c->length, 4);
    memcpy(header + 32, c->commitment, HASH);
    uint8_t nonce[12] = { 0 };
    memcpy(nonce + 4, &c->next_index, 8);
    int length;
    check(EVP_EncryptInit_ex(c->cipher, 0, 0, 0, nonce));
    check(EVP_EncryptUpdate(c->cipher, 0, &length, header, HEADER));
    check(EVP_EncryptUpdate(c->cipher, text, &length, c->text, (int)c->length));
    check(EVP_EncryptFinal_ex(c->cipher, text + length, &length));
    check(EVP_CIPHER_CTX_ctrl(c->cipher, EVP_CTRL_GCM_GET_TAG, TAG, text + c->length));
    uint8_t body[HASH], leaf[HASH];
    digest(text, c->length, text + c->length, TAG, body);
    digest(header, HEADER, body, HASH, leaf);
    digest(c->head, HASH, leaf, HASH, c->head);
    c->next_index++;
    c->length = 0;
    c->packets = 0;
    writer_append(total);
}

static void add(const struct packet *p)
{
    struct chunk *c = &chunks[p->stream];
    uint64_t slot = p->arrival_ns / SLOT_NS;
    if (c->packets && (slot != c->slot || p->arrival_ns - c->first_ns > SPAN_NS
        || c->length + FRAME + p->length > MAX_TEXT))
        seal(c);
    if (!c->packets)
        c->first_ns = p->arrival_ns;
    c->slot = slot;
    uint8_t *out = c->text + c->length;
    memcpy(out, &p->length, 4);
    memcpy(out + 4, &p->arrival_ns, 8);
    memcpy(out + FRAME, p->bytes, p->length);
    c->length += FRAME + p->length;
    c->packets++;
}

// Chunks are closed by the packet that comes after their time; a live stream sends every 20 ms.
static void push(uint64_t now)
{
    if (now - pushed_ns >= PUSH_NS) {
        writer_push();
        pushed_ns = now;
    }
}

static void seal_all(void)
{
    for (int i = 0; i < chunk_count; i++)
        if (chunks[i].packets)
            seal(&chunks[i]);
}

const struct sink crypto_sink = { add, push, seal_all };
