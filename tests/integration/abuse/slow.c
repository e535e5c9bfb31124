#include "tests/integration/abuse/slow.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"

#define DRIP_MS 500
#define DRAIN_US 60000000
#define RECEIVE_BUFFER 4096

const char *const slow_way_names[SLOW_WAYS] = {"slow head", "slow body", "slow reader", "idle"};

static void send_first(const rig_t *rig, slow_client_t *client)
{
    char request[4096];
    const char *const token = rig->manager;
    int size = 0;
    switch (client->way) {
    case SLOW_HEAD:
        size = snprintf(request, sizeof request, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ");
        break;
    case SLOW_BODY:
        size = snprintf(request, sizeof request,
                        "POST /v1/organisations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
                        "Content-Length: 1000\r\n\r\n{",
                        token);
        break;
    case SLOW_READER:
        size = snprintf(request, sizeof request,
                        "GET /v1/organisations?pageSize=1000 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", token);
        break;
    default:
        size = snprintf(request, sizeof request, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        break;
    }
    assert_int_equal(send(client->fd, request, (size_t)size, MSG_NOSIGNAL), size);
}

void slow_crowd_open(slow_crowd_t *crowd, const rig_t *rig)
{
    crowd->rig = rig;
    for (size_t i = 0; i < SLOW_CROWD; i++) {
        slow_client_t *client = &crowd->clients[i];
        const int room = RECEIVE_BUFFER;
        *client = (slow_client_t){.way = (slow_way_t)(i % SLOW_WAYS), .fd = raw_connect(rig, RAW_EDGE)};
        if (client->way == SLOW_READER)
            assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room), 0);
        send_first(rig, client);
        client->opened_us = clock_steady_us();
    }
}

static void note_end(slow_client_t *client)
{
    close(client->fd);
    client->fd = -1;
    client->ended_us = clock_steady_us();
}

// What came: an answer, or the end.
static void hear(slow_client_t *client)
{
    char bytes[4096];
    raw_answer_t answer;
    const ssize_t got = recv(client->fd, bytes, sizeof bytes, 0);
    if (got > 0) {
        if (raw_parse(bytes, (size_t)got, &answer) > 0)
            client->status = answer.status;
    } else if (got == 0 || errno != EAGAIN) {
        note_end(client);
    }
}

static void send_a_byte(slow_client_t *client)
{
    // An error shows as the end when it is read.
    if (client->fd >= 0 && (client->way == SLOW_HEAD || client->way == SLOW_BODY))
        (void)!send(client->fd, "x", 1, MSG_NOSIGNAL);
}

void slow_crowd_drip(slow_crowd_t *crowd, int64_t until_us)
{
    struct pollfd polls[SLOW_CROWD];
    int64_t next = clock_steady_us();
    for (int64_t now = next; now < until_us; now = clock_steady_us()) {
        for (size_t i = 0; now >= next && i < SLOW_CROWD; i++)
            send_a_byte(&crowd->clients[i]);
        if (now >= next)
            next = now + DRIP_MS * 1000;
        for (size_t i = 0; i < SLOW_CROWD; i++) {
            const bool deaf = crowd->clients[i].way == SLOW_READER;
            polls[i] = (struct pollfd){.fd = deaf ? -1 : crowd->clients[i].fd, .events = POLLIN};
        }
        const int64_t wake = next < until_us ? next : until_us;
        if (poll(polls, SLOW_CROWD, (int)((wake - now) / 1000) + 1) <= 0)
            continue;
        for (size_t i = 0; i < SLOW_CROWD; i++) {
            if (crowd->clients[i].fd >= 0 && polls[i].fd >= 0 && polls[i].revents != 0)
                hear(&crowd->clients[i]);
        }
    }
}

void slow_crowd_drain(slow_crowd_t *crowd)
{
    const int64_t until = clock_steady_us() + DRAIN_US;
    struct pollfd polls[SLOW_CROWD];
    for (size_t open = 1; open > 0 && clock_steady_us() < until;) {
        open = 0;
        for (size_t i = 0; i < SLOW_CROWD; i++) {
            const bool reader = crowd->clients[i].way == SLOW_READER && crowd->clients[i].fd >= 0;
            polls[i] = (struct pollfd){.fd = reader ? crowd->clients[i].fd : -1, .events = POLLIN};
            open += reader;
        }
        (void)poll(polls, SLOW_CROWD, 100);
        for (size_t i = 0; i < SLOW_CROWD; i++) {
            if (polls[i].fd >= 0 && polls[i].revents != 0)
                hear(&crowd->clients[i]);
        }
    }
}

void slow_crowd_close(slow_crowd_t *crowd)
{
    for (size_t i = 0; i < SLOW_CROWD; i++) {
        if (crowd->clients[i].fd >= 0)
            close(crowd->clients[i].fd);
        crowd->clients[i].fd = -1;
    }
}

static void *ask_on(void *argument)
{
    slow_load_t *load = argument;
    char request[2048];
    raw_client_t client;
    raw_answer_t answer;
    raw_client_init(&client, load->rig, RAW_EDGE);
    const int size =
        snprintf(request, sizeof request, "GET /v1/organisations/pcn-rutland HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n",
                 load->rig->manager);
    while (!atomic_load(&load->stop)) {
        if (raw_ask(&client, request, (size_t)size, &answer) && answer.status == 200)
            atomic_fetch_add(&load->answered, 1);
        else
            atomic_fetch_add(&load->failed, 1);
    }
    raw_client_deinit(&client);
    return NULL;
}

void slow_load_start(slow_load_t *load, const rig_t *rig)
{
    *load = (slow_load_t){.rig = rig};
    for (int i = 0; i < SLOW_LOADERS; i++)
        assert_int_equal(pthread_create(&load->threads[i], NULL, ask_on, load), 0);
}

void slow_load_stop(slow_load_t *load)
{
    atomic_store(&load->stop, true);
    for (int i = 0; i < SLOW_LOADERS; i++)
        pthread_join(load->threads[i], NULL);
}
