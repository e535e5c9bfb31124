// An issuer's web server for tests, in a thread of its own: answers with a set of keys, or in one of the ways in which it should not.
#ifndef PCN_TESTS_GATEWAY_KEY_SERVER_H
#define PCN_TESTS_GATEWAY_KEY_SERVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum key_answer {
    KEY_ANSWER_GOOD,
    KEY_ANSWER_GARBAGE,  // 200 and no JSON
    KEY_ANSWER_PRIVATE,  // 200 and a set that must not be used
    KEY_ANSWER_CUT,      // the first half of the set
    KEY_ANSWER_EMPTY,    // 200 and nothing
    KEY_ANSWER_HUGE,     // more than a set may have, and says so
    KEY_ANSWER_ENDLESS,  // bytes that do not end
    KEY_ANSWER_SLOW,     // a byte now and then
    KEY_ANSWER_ERROR,    // 500 with the set
    KEY_ANSWER_REDIRECT, // 302 to the set
    KEY_ANSWERS
} key_answer_t;

typedef struct key_server {
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock;
    char *set;
    key_answer_t answer;
    unsigned asked;
    int port;
    char url[64];
    char *certificate, *key; // PEM, where it is https
    char authorities[64];    // file with the certificate
} key_server_t;

// `host`: of the certificate, "localhost" or "127.0.0.1"; NULL for plain http. The address is that of 127.0.0.1 anyway.
void key_server_start(key_server_t *server, const char *host);
void key_server_stop(key_server_t *server);
// Takes the set over.
void key_server_set(key_server_t *server, char *set);
void key_server_answer(key_server_t *server, key_answer_t answer);
unsigned key_server_asked(key_server_t *server);

#endif
