#include "tests/unit/gateway/key_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <microhttpd.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "services/gateway/jwks.h"

#define SLOW_US 20000

static ssize_t endless(void *data, uint64_t position, char *out, size_t room)
{
    (void)data, (void)position;
    memset(out, ' ', room);
    return (ssize_t)room;
}

static ssize_t slow(void *data, uint64_t position, char *out, size_t room)
{
    (void)data, (void)position, (void)room;
    (void)usleep(SLOW_US); // that it is slow is the point
    *out = ' ';
    return 1;
}

static struct MHD_Response *text(const char *bytes, size_t size)
{
    return MHD_create_response_from_buffer(size, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY);
}

static struct MHD_Response *make(const key_server_t *server, const char *path, unsigned *code)
{
    struct MHD_Response *made = NULL;
    const size_t size = strlen(server->set);
    *code = server->answer == KEY_ANSWER_ERROR ? 500 : 200;
    if (strcmp(path, "/other") == 0)
        return text(server->set, size);
    switch (server->answer) {
    case KEY_ANSWER_GARBAGE:
        return text("<html>", 6);
    case KEY_ANSWER_PRIVATE:
        return text("{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\",\"d\":\"x\",\"x\":\"x\"}]}", 63);
    case KEY_ANSWER_CUT:
        return text(server->set, size / 2);
    case KEY_ANSWER_EMPTY:
        return text("", 0);
    case KEY_ANSWER_HUGE:
        return MHD_create_response_from_callback(2 * JWKS_SIZE_MAX, 4096, endless, NULL, NULL);
    case KEY_ANSWER_ENDLESS:
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, endless, NULL, NULL);
    case KEY_ANSWER_SLOW:
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 64, slow, NULL, NULL);
    case KEY_ANSWER_REDIRECT:
        *code = 302;
        made = text("", 0);
        assert_int_equal(MHD_add_response_header(made, "Location", "/other"), MHD_YES);
        return made;
    default:
        return text(server->set, size);
    }
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *path, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **state)
{
    key_server_t *server = data;
    unsigned code;
    (void)method, (void)version, (void)upload, (void)upload_size, (void)state;
    pthread_mutex_lock(&server->lock);
    server->asked++;
    struct MHD_Response *response = make(server, path, &code);
    pthread_mutex_unlock(&server->lock);
    enum MHD_Result queued = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return queued;
}

static char *pem_of(BIO *bio)
{
    char *bytes;
    const long size = BIO_get_mem_data(bio, &bytes);
    char *copy = malloc((size_t)size + 1);
    assert_non_null(copy);
    memcpy(copy, bytes, (size_t)size);
    copy[size] = '\0';
    BIO_free(bio);
    return copy;
}

// A certificate that is its own authority, for a day.
static void make_certificate(key_server_t *server, const char *host)
{
    char name[80];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    (void)X509_set_version(certificate, 2);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    (void)X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    (void)X509_set_pubkey(certificate, key);
    X509_NAME *subject = X509_get_subject_name(certificate);
    (void)X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"issuer", -1, -1, 0);
    (void)X509_set_issuer_name(certificate, subject);
    (void)snprintf(name, sizeof name, "%s:%s", strcmp(host, "127.0.0.1") == 0 ? "IP" : "DNS", host);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, name);
    X509_EXTENSION *authority = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "CA:TRUE");
    (void)X509_add_ext(certificate, names, -1);
    (void)X509_add_ext(certificate, authority, -1);
    X509_EXTENSION_free(names);
    X509_EXTENSION_free(authority);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
    server->certificate = pem_of(bio);
    bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    server->key = pem_of(bio);
    X509_free(certificate);
    EVP_PKEY_free(key);
    (void)strcpy(server->authorities, "/tmp/pcn-authorities-XXXXXX");
    const int fd = mkstemp(server->authorities);
    assert_int_equal(write(fd, server->certificate, strlen(server->certificate)), strlen(server->certificate));
    assert_int_equal(close(fd), 0);
}

void key_server_start(key_server_t *server, const char *host)
{
    *server = (key_server_t){.set = strdup("{}")};
    pthread_mutex_init(&server->lock, NULL);
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION;
    struct MHD_OptionItem options[] = {{MHD_OPTION_END, 0, NULL}, {MHD_OPTION_END, 0, NULL}, {MHD_OPTION_END, 0, NULL}};
    if (host != NULL) {
        make_certificate(server, host);
        flags |= MHD_USE_TLS;
        options[0] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, server->certificate};
        options[1] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, server->key};
    }
    server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    assert_non_null(server->daemon);
    server->port = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    (void)snprintf(server->url, sizeof server->url, "%s://127.0.0.1:%d/jwks.json", host != NULL ? "https" : "http", server->port);
}

void key_server_stop(key_server_t *server)
{
    MHD_stop_daemon(server->daemon);
    pthread_mutex_destroy(&server->lock);
    if (server->certificate != NULL)
        assert_int_equal(unlink(server->authorities), 0);
    free(server->set);
    free(server->certificate);
    free(server->key);
}

void key_server_set(key_server_t *server, char *set)
{
    pthread_mutex_lock(&server->lock);
    free(server->set);
    server->set = set;
    pthread_mutex_unlock(&server->lock);
}

void key_server_answer(key_server_t *server, key_answer_t answer)
{
    pthread_mutex_lock(&server->lock);
    server->answer = answer;
    pthread_mutex_unlock(&server->lock);
}

unsigned key_server_asked(key_server_t *server)
{
    pthread_mutex_lock(&server->lock);
    const unsigned asked = server->asked;
    pthread_mutex_unlock(&server->lock);
    return asked;
}
