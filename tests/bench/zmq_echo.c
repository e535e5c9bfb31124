// The limit of what ZeroMQ itself gives: DEALER to ROUTER and back over ipc, 200 bytes, each end a process of its own, some messages in
// flight, plain and with CURVE. A line of JSON for each. Not a test.
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "common/base/clock.h"

enum { MESSAGE_SIZE = 200, KEY_SIZE = 41, WARM_UP = 1000 };

typedef struct keys {
    char server_public[KEY_SIZE], server_secret[KEY_SIZE], client_public[KEY_SIZE], client_secret[KEY_SIZE];
} keys_t;

static int serve(const char *endpoint, const keys_t *keys)
{
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_ROUTER);
    const int on = 1;
    if (keys != NULL && (zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &on, sizeof(on)) != 0 ||
                         zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->server_secret, KEY_SIZE) != 0))
        return 1;
    if (zmq_bind(socket, endpoint) != 0)
        return 1;
    while (true) {
        zmq_msg_t identity, body;
        zmq_msg_init(&identity);
        zmq_msg_init(&body);
        if (zmq_msg_recv(&identity, socket, 0) < 0 || zmq_msg_recv(&body, socket, 0) < 0 ||
            zmq_msg_send(&identity, socket, ZMQ_SNDMORE) < 0 || zmq_msg_send(&body, socket, 0) < 0)
            return 1;
    }
}

static double cpu_us(clockid_t clock)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

// Sends `calls` messages, at most `in_flight` of them unanswered.
static bool exchange(void *socket, uint64_t calls, uint64_t in_flight)
{
    char message[MESSAGE_SIZE];
    memset(message, 'x', sizeof(message));
    for (uint64_t sent = 0, answered = 0; answered < calls;) {
        if (sent < calls && sent - answered < in_flight) {
            if (zmq_send(socket, message, sizeof(message), 0) < 0)
                return false;
            sent++;
        } else if (zmq_recv(socket, message, sizeof(message), 0) == MESSAGE_SIZE) {
            answered++;
        } else {
            return false;
        }
    }
    return true;
}

static bool measure(const char *endpoint, const keys_t *keys, uint64_t in_flight, uint64_t calls)
{
    const pid_t server = fork();
    if (server == 0)
        _exit(serve(endpoint, keys));
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
    const int patience_ms = 10000, none = 0;
    clockid_t server_clock;
    bool good = clock_getcpuclockid(server, &server_clock) == 0 && zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience_ms, sizeof(int)) == 0 &&
                zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof(int)) == 0;
    if (good && keys != NULL)
        good = zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, keys->server_public, KEY_SIZE) == 0 &&
               zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->client_public, KEY_SIZE) == 0 &&
               zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->client_secret, KEY_SIZE) == 0;
    good = good && zmq_connect(socket, endpoint) == 0 && exchange(socket, WARM_UP, 1);
    const int64_t begun_us = clock_steady_us();
    const double client_us = cpu_us(CLOCK_PROCESS_CPUTIME_ID), server_us = cpu_us(server_clock);
    good = good && exchange(socket, calls, in_flight);
    const double took_us = (double)(clock_steady_us() - begun_us), count = (double)calls;
    if (good)
        printf("{\"wire\":\"ZeroMQ alone\",\"curve\":%s,\"inFlight\":%llu,\"rate\":%.0f,\"clientUs\":%.2f,\"serverUs\":%.2f}\n",
               keys != NULL ? "true" : "false", (unsigned long long)in_flight, count * 1e6 / took_us,
               (cpu_us(CLOCK_PROCESS_CPUTIME_ID) - client_us) / count, (cpu_us(server_clock) - server_us) / count);
    fflush(stdout);
    zmq_close(socket);
    zmq_ctx_term(context);
    (void)kill(server, SIGKILL);
    (void)waitpid(server, NULL, 0);
    return good;
}

int main(int argc, char **argv)
{
    const uint64_t calls = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;
    char dir[] = "/tmp/pcn-echo-XXXXXX", path[64], endpoint[80];
    keys_t keys;
    if (mkdtemp(dir) == NULL || zmq_curve_keypair(keys.server_public, keys.server_secret) != 0 ||
        zmq_curve_keypair(keys.client_public, keys.client_secret) != 0)
        return 1;
    (void)snprintf(path, sizeof(path), "%s/echo", dir);
    (void)snprintf(endpoint, sizeof(endpoint), "ipc://%s", path);
    bool good = true;
    for (uint64_t in_flight = 32; good && in_flight <= 128; in_flight *= 4) {
        good = measure(endpoint, NULL, in_flight, calls) && measure(endpoint, &keys, in_flight, calls);
    }
    (void)unlink(path);
    (void)rmdir(dir);
    if (!good)
        fprintf(stderr, "echo: %s\n", zmq_strerror(zmq_errno()));
    return good ? 0 : 1;
}
