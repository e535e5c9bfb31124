#include "tests/integration/rpc/stranger.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

// libzmq 4.3.4 loses a message of some hundred bytes now and then when a bare socket of this program is closed in the middle of a
// handshake. Nothing of ours is below it.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) // NOLINT(bugprone-reserved-identifier): the sanitizer's name for it
{
    return "leak:libzmq.so";
}

enum { GREETING_SIZE = 64, MECHANISM_AT = 12, AS_SERVER_AT = 32, HELLO_SIZE = 200, COMMAND = 4, LONG = 2 };

static size_t fill_random(chance_t *chance, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)chance_next(chance);
    return size;
}

// ZMTP 3.1 (RFC 37).
static size_t greeting(uint8_t *bytes, const char *mechanism, uint8_t major, bool as_server)
{
    memset(bytes, 0, GREETING_SIZE);
    bytes[0] = 0xff;
    bytes[8] = 1;
    bytes[9] = 0x7f;
    bytes[10] = major;
    bytes[11] = 1;
    memcpy(bytes + MECHANISM_AT, mechanism, strlen(mechanism));
    bytes[AS_SERVER_AT] = as_server;
    return GREETING_SIZE;
}

static size_t command(uint8_t *bytes, const char *name, const void *body, size_t size)
{
    size_t name_size = strlen(name);
    bytes[0] = COMMAND;
    bytes[1] = (uint8_t)(1 + name_size + size);
    bytes[2] = (uint8_t)name_size;
    memcpy(bytes + 3, name, name_size);
    memcpy(bytes + 3 + name_size, body, size);
    return 3 + name_size + size;
}

static size_t garbage(chance_t *chance, uint8_t *bytes)
{
    return fill_random(chance, bytes, 1 + chance_below(chance, STRANGER_ROOM));
}

static size_t nothing(chance_t *chance, uint8_t *bytes)
{
    (void)chance;
    (void)bytes;
    return 0;
}

static size_t http(chance_t *chance, uint8_t *bytes)
{
    (void)chance;
    return (size_t)snprintf((char *)bytes, STRANGER_ROOM, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

static size_t tls(chance_t *chance, uint8_t *bytes)
{
    static const uint8_t head[] = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03};
    memcpy(bytes, head, sizeof head);
    return sizeof head + fill_random(chance, bytes + sizeof head, 512);
}

static size_t part_of_a_greeting(chance_t *chance, uint8_t *bytes)
{
    (void)greeting(bytes, "CURVE", 3, false);
    return 1 + chance_below(chance, GREETING_SIZE - 1);
}

static size_t broken_greeting(chance_t *chance, uint8_t *bytes)
{
    size_t size = greeting(bytes, "CURVE", 3, false);
    bytes[chance_below(chance, GREETING_SIZE)] = (uint8_t)chance_next(chance);
    return size;
}

static size_t older(chance_t *chance, uint8_t *bytes)
{
    // ZMTP 1: a length and flags; ZMTP 2: its own greeting.
    if (chance_below(chance, 2) == 0) {
        static const uint8_t one[] = {0x01, 0x00, 0x05, 0x00, 'h', 'e', 'y', '!'};
        memcpy(bytes, one, sizeof one);
        return sizeof one;
    }
    memset(bytes, 0, 14);
    bytes[0] = 0xff;
    bytes[8] = 1;
    bytes[9] = 0x7f;
    bytes[10] = 1;
    bytes[11] = 5;
    return 14;
}

static size_t no_mechanism(chance_t *chance, uint8_t *bytes)
{
    (void)chance;
    size_t size = greeting(bytes, "NULL", 3, false);
    static const char ready[] = "\x0bSocket-Type\0\0\0\x06"
                                "DEALER";
    size += command(bytes + size, "READY", ready, sizeof ready - 1);
    memcpy(bytes + size, "\0\5hello", 7);
    return size + 7;
}

static size_t plain(chance_t *chance, uint8_t *bytes)
{
    (void)chance;
    size_t size = greeting(bytes, "PLAIN", 3, false);
    return size + command(bytes + size, "HELLO", "\7gateway\6secret", 15);
}

static size_t unknown_mechanism(chance_t *chance, uint8_t *bytes)
{
    size_t size = greeting(bytes, "GSSAPI", 3, false);
    return size + fill_random(chance, bytes + size, chance_below(chance, 200));
}

static size_t two_servers(chance_t *chance, uint8_t *bytes)
{
    size_t size = greeting(bytes, "CURVE", 3, true);
    return size + fill_random(chance, bytes + size, chance_below(chance, 200));
}

static size_t false_hello(chance_t *chance, uint8_t *bytes)
{
    uint8_t body[HELLO_SIZE];
    size_t size = greeting(bytes, "CURVE", 3, false);
    // Of the right size or not, with a version that is right; the box in it opens for nobody.
    size_t body_size = chance_below(chance, 2) == 0 ? HELLO_SIZE - 6 : chance_below(chance, HELLO_SIZE - 6);
    (void)fill_random(chance, body, sizeof body);
    body[0] = 1;
    body[1] = 0;
    return size + command(bytes + size, "HELLO", body, body_size);
}

static size_t half_a_hello(chance_t *chance, uint8_t *bytes)
{
    size_t size = false_hello(chance, bytes);
    return size > GREETING_SIZE + 4 ? size - 1 - chance_below(chance, (unsigned)(size - GREETING_SIZE - 4)) : size;
}

static size_t wrong_command(chance_t *chance, uint8_t *bytes)
{
    static const char *const names[] = {"READY", "INITIATE", "ERROR", "WELCOME", "PING", "X"};
    uint8_t body[100];
    size_t size = greeting(bytes, "CURVE", 3, false);
    (void)fill_random(chance, body, sizeof body);
    return size + command(bytes + size, names[chance_below(chance, 6)], body, chance_below(chance, sizeof body));
}

static size_t huge_frame(chance_t *chance, uint8_t *bytes)
{
    size_t size = greeting(bytes, "CURVE", 3, false);
    bytes[size] = (uint8_t)(LONG | (chance_below(chance, 2) == 0 ? COMMAND : 0));
    memset(bytes + size + 1, chance_below(chance, 2) == 0 ? 0x7f : 0xff, 8);
    return size + 9 + fill_random(chance, bytes + size + 9, 300);
}

static size_t (*const strangers[])(chance_t *chance, uint8_t *bytes) = {
    garbage, nothing,           http,        tls,         part_of_a_greeting, broken_greeting, older,      no_mechanism,
    plain,   unknown_mechanism, two_servers, false_hello, half_a_hello,       wrong_command,   huge_frame,
};

size_t stranger_kinds(void)
{
    return sizeof strangers / sizeof *strangers;
}

size_t stranger_fill(size_t kind, chance_t *chance, uint8_t bytes[STRANGER_ROOM])
{
    return strangers[kind](chance, bytes);
}

int stranger_connect(const char *endpoint, const uint8_t *bytes, size_t size)
{
    int fd;
    int result;
    if (strncmp(endpoint, "tcp://", 6) == 0) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        address.sin_port = htons((uint16_t)strtoul(strrchr(endpoint, ':') + 1, NULL, 10));
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        result = connect(fd, (const struct sockaddr *)&address, sizeof address);
    } else {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        snprintf(address.sun_path, sizeof address.sun_path, "%s", endpoint + strlen("ipc://"));
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        result = connect(fd, (const struct sockaddr *)&address, sizeof address);
    }
    assert_true(fd >= 0);
    if (result != 0) {
        close(fd);
        return -1;
    }
    (void)send(fd, bytes, size, MSG_NOSIGNAL); // the other side may have hung up by now
    return fd;
}

void *bare_socket(void *context, int type, const daemon_t *daemon, const char *key, const char *endpoint)
{
    rpc_keys_t keys = {.name = ""};
    int none = 0, timeout_ms = 60000;
    void *socket = zmq_socket(context, type);
    assert_non_null(socket);
    if (key != NULL)
        assert_int_equal(rpc_keys_load(daemon->keys, key, &keys, NULL), STATUS_OK);
    else
        assert_int_equal(zmq_curve_keypair(keys.public_key, keys.secret_key), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_SNDTIMEO, &timeout_ms, sizeof timeout_ms), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, daemon->server_key, strlen(daemon->server_key)), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys.public_key, strlen(keys.public_key)), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys.secret_key, strlen(keys.secret_key)), 0);
    assert_int_equal(zmq_connect(socket, endpoint), 0);
    rpc_keys_wipe(&keys);
    return socket;
}
