// Preloaded into a daemon by a test (LD_PRELOAD, see killer.h): counts its calls at chosen points and ends it with SIGKILL at the n-th one,
// so that it dies exactly between two steps. Without TEST_KILLER_FILE in the environment it does nothing.
//
// Each hook has the name and type of the function that it stands before, and calls that one.
#include <dlfcn.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zmq.h>

#include "tests/support/killer_points.h"

static killer_file_t *file;

__attribute__((constructor)) static void killer_open(void)
{
    const char *path = getenv(KILLER_ENV);
    const int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *memory = mmap(NULL, sizeof *file, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory != MAP_FAILED)
        file = memory;
}

static void pass(killer_point_t point)
{
    if (file == NULL)
        return;
    atomic_fetch_add(&file->calls[point], 1);
    const uint32_t armed = atomic_load(&file->point);
    if (armed != (uint32_t)point && armed != KILLER_ANY)
        return;
    if (atomic_fetch_sub(&file->countdown, 1) != 1)
        return;
    // One shot: what is started next lives.
    atomic_store(&file->point, KILLER_NONE);
    atomic_fetch_add(&file->fired, 1);
    raise(SIGKILL);
}

// The function that is hidden by its hook; a void pointer becomes a function's without a cast that ISO C has none for.
#define NEXT(name)                                                                                                                         \
    static __typeof__(&name) next;                                                                                                         \
    if (next == NULL) {                                                                                                                    \
        void *found = dlsym(RTLD_NEXT, #name);                                                                                             \
        memcpy(&next, &found, sizeof next);                                                                                                \
    }

static int socket_type(void *socket)
{
    int type = -1;
    size_t size = sizeof type;
    return zmq_getsockopt(socket, ZMQ_TYPE, &type, &size) == 0 ? type : -1;
}

int zmq_send(void *socket, const void *bytes, size_t size, int flags)
{
    static const char heartbeat[] = ".heartbeat";
    const size_t end = sizeof heartbeat - 1;
    NEXT(zmq_send)
    if (file != NULL && (flags & ZMQ_SNDMORE) != 0 && (socket_type(socket) == ZMQ_PUB || socket_type(socket) == ZMQ_XPUB) &&
        !(size >= end && memcmp((const char *)bytes + size - end, heartbeat, end) == 0))
        pass(KILLER_PUBLISH);
    return next(socket, bytes, size, flags);
}

int zmq_msg_send(zmq_msg_t *message, void *socket, int flags)
{
    NEXT(zmq_msg_send)
    if (file != NULL && socket_type(socket) == ZMQ_ROUTER)
        pass(KILLER_RPC_REPLY);
    return next(message, socket, flags);
}

int zmq_msg_recv(zmq_msg_t *message, void *socket, int flags)
{
    NEXT(zmq_msg_recv)
    const int size = next(message, socket, flags);
    // The first frame of a request is its sender; the last one is what counts.
    if (file != NULL && size >= 0 && zmq_msg_more(message) == 0) {
        const int type = socket_type(socket);
        if (type == ZMQ_ROUTER)
            pass(KILLER_RPC_RECEIVED);
        else if (type == ZMQ_DEALER)
            pass(KILLER_RPC_ANSWERED);
    }
    return size;
}

int PQpipelineSync(PGconn *connection)
{
    NEXT(PQpipelineSync)
    const int done = next(connection);
    pass(KILLER_DB_SENT);
    return done;
}

int PQflush(PGconn *connection)
{
    NEXT(PQflush)
    const int left = next(connection);
    pass(KILLER_DB_FLUSHED);
    return left;
}

int PQconsumeInput(PGconn *connection)
{
    NEXT(PQconsumeInput)
    const int done = next(connection);
    pass(KILLER_DB_RESULT);
    return done;
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response)
{
    NEXT(MHD_queue_response)
    if (status > 200 && status < 300)
        pass(KILLER_HTTP_ANSWER);
    return next(connection, status, response);
}
