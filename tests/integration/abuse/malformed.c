#include "tests/integration/abuse/malformed.h"

// Statuses as bits, so that a set stands in a column.
enum {
    OK = 1,    // what RFC 9112 lets a recipient mend
    BAD = 2,   // 400
    NONE = 4,  // 404
    VERB = 8,  // 405
    LATE = 16, // 408
    BIG = 32,  // 413
    LONG = 64, // 414
    TYPE = 128,
    CODING = 256,   // 422: HAProxy's for a Transfer-Encoding that it does not know
    HEAD = 512,     // 431
    VERSION = 1024, // 505
    WHO = 2048,     // 401
    MEDIA = 4096,   // 406
    ANY = BAD | WHO | MEDIA | NONE | VERB | LATE | BIG | LONG | TYPE | CODING | HEAD,
};

struct malformed_kind {
    const char *name;
    // ~A Authorization, ~H Host, ~G and ~P the begin of a good GET and POST, ~S the whole second request, ~L and ~X its length in decimal
    // and hexadecimal, ~N a number, ~J a word, ~B bytes that are not UTF-8, ~C a control character, ~0 a NUL, ~K a very long word, ~M very
    // many headers, ~Q and ~R as long a target and as many headers as there is room for.
    const char *text; // NULL: a good request, mutated
    unsigned edge, gateway;
    bool half;
    unsigned good;
};

#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define LINE(begin) begin "\r\n~H~A\r\n"
#define TARGET(target) LINE("GET " target " HTTP/1.1")

static const malformed_kind_t kinds[] = {
    // Two lengths.
    {"CL and TE, ends early", "~PContent-Length: 5~L\r\n" CHUNKED "\r\n0\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"TE and CL, goes on", "~P" CHUNKED "Content-Length: 4\r\n\r\n~X\r\n~S\r\n0\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"CL twice, differing", "~PContent-Length: 0\r\nContent-Length: ~L\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"CL twice, the same", "~PContent-Length: ~L\r\nContent-Length: ~L\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"CL as a list", "~PContent-Length: ~L, ~L\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"CL with a sign", "~PContent-Length: +~L\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"CL below zero", "~PContent-Length: -~N\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"CL in hexadecimal", "~PContent-Length: 0x~X\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"CL empty", "~PContent-Length: \r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"CL a word", "~PContent-Length: ~J\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"CL beyond 64 bits", "~PContent-Length: 1844674407370955161~N\r\n\r\n~S", .edge = BAD | BIG | LATE, .gateway = BAD | BIG,
     .half = true},
    {"CL then a blank", "~PContent-Length : ~L\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"CL with a NUL", "~PContent-Length: 0~0~L\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    // Codings.
    {"TE unknown", "~PTransfer-Encoding: ~J\r\n\r\n0\r\n\r\n~S", .edge = BAD | CODING, .gateway = BAD},
    {"TE almost chunked", "~PTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n~S", .edge = BAD | CODING, .gateway = BAD},
    {"TE chunked twice", "~P" CHUNKED CHUNKED "\r\n0\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"TE chunked, then identity", "~PTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n~S", .edge = BAD | CODING, .gateway = BAD},
    {"TE gzip, then chunked", "~PTransfer-Encoding: gzip, chunked\r\n\r\n~X\r\n~S\r\n0\r\n\r\n", .edge = BAD | CODING, .gateway = BAD},
    {"TE with a control character", "~PTransfer-Encoding: ~Cchunked\r\n\r\n0\r\n\r\n~S", .edge = BAD | CODING, .gateway = BAD},
    {"TE then a blank", "~PTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"TE in HTTP/1.0", "POST /v1/organisations HTTP/1.0\r\n~H~A" CHUNKED "\r\n0\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"TE under another name", "~PTransfer_Encoding: chunked\r\nContent-Length: ~L\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    // Chunks.
    {"chunk size a word", "~P" CHUNKED "\r\nz~J\r\n~S\r\n0\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"chunk size below zero", "~P" CHUNKED "\r\n-~N\r\n~S\r\n0\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"chunk size 0x", "~P" CHUNKED "\r\n0x~X\r\n~S\r\n0\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"chunk size empty", "~P" CHUNKED "\r\n\r\n~S\r\n0\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"chunk size beyond 64 bits", "~P" CHUNKED "\r\nfffffffffffffffff~N\r\n~S\r\n0\r\n\r\n", .edge = BAD | BIG, .gateway = BAD | BIG},
    {"chunk size of 64 bits", "~P" CHUNKED "\r\nffffffffffffffff\r\n~S\r\n0\r\n\r\n", .edge = BAD | BIG, .gateway = BAD | BIG,
     .half = true},
    {"chunk without its end", "~P" CHUNKED "\r\n~X\r\n~S0\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"chunk longer than said", "~P" CHUNKED "\r\n2\r\n{}~J\r\n0\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"chunk extension", "~P" CHUNKED "\r\n~X;~J=~J\r\n~S\r\n0\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"chunk extension with a line feed", "~P" CHUNKED "\r\n~X;~J\n~J\r\n~S\r\n0\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"chunk extension, very long", "~P" CHUNKED "\r\n~X;~K\r\n~S\r\n0\r\n\r\n", .edge = BAD | BIG | HEAD, .gateway = BAD | BIG | HEAD,
     .half = true},
    {"trailers that frame", "~P" CHUNKED "\r\n~X\r\n~S\r\n0\r\nContent-Length: ~N\r\nTransfer-Encoding: ~J\r\n\r\n", .edge = BAD,
     .gateway = BAD},
    {"trailers that authorise", "~G~H" CHUNKED "\r\n0\r\n~A\r\n", .edge = BAD | WHO, .gateway = BAD | WHO},
    {"trailer that is none", "~P" CHUNKED "\r\n~X\r\n~S\r\n0\r\n~J\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"very many trailers", "~P" CHUNKED "\r\n~X\r\n~S\r\n0\r\n~M\r\n", .edge = BAD | HEAD, .gateway = BAD | HEAD},
    // Lines.
    {"folded header", "~G~H~AX-~J: ~J\r\n ~J\r\n\r\n", .edge = OK | BAD, .gateway = BAD},
    {"folded first header", "~G ~J: ~J\r\n~H~A\r\n", .edge = BAD, .gateway = BAD},
    {"folded length", "~PContent-Length:\r\n 0\r\n~J\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"line feeds alone", "GET /v1/organisations/pcn-rutland HTTP/1.1\nHost: x\nX-~J: ~J\n~A\n", .edge = OK | BAD, .gateway = BAD},
    {"carriage returns alone", "GET /v1/organisations/pcn-rutland HTTP/1.1\rHost: x\r\r", .edge = BAD, .gateway = BAD, .half = true},
    {"carriage return in a header", "~G~H~AX-~J: ~J\r~J\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"carriage returns before a request", "~G~H~AX-~J: ~J\r\r~S", .edge = BAD, .gateway = BAD},
    {"NUL in a header", "~G~H~AX-~J: ~J~0~J\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"NUL in a header's name", "~G~H~AX-~J~0~J: ~J\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"NUL in the target", TARGET("/v1/~J~0~J"), .edge = BAD, .gateway = BAD},
    {"NULs alone", "~0~0~0~0~0~0\r\n\r\n", .edge = BAD, .gateway = BAD, .half = true},
    {"control character in a header", "~G~H~AX-~J: ~J~C~J\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"blank in a header's name", "~G~H~AX ~J: ~J\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"bytes in a header's name", "~G~H~AX-~B: ~J\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"bytes in a header", "~G~H~AX-~J: ~B\r\n\r\n", .edge = OK | BAD, .gateway = OK},
    {"header without a colon", "~G~H~A~J\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"header without a name", "~G~H~A: ~J\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"header with a bracket", "~G~H~A~J(~J: ~J\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"very long header", "~G~H~AX-~J: ~K\r\n\r\n", .edge = OK | BAD | HEAD, .gateway = OK | BAD | HEAD},
    {"very long header's name", "~G~H~A~K: ~J\r\n\r\n", .edge = OK | BAD | HEAD, .gateway = OK | BAD | HEAD},
    {"very many headers", "~G~H~A~M\r\n", .edge = BAD | HEAD, .gateway = OK | HEAD},
    // Hosts and forms of the target.
    {"no Host", "~G~A\r\n", .edge = BAD, .gateway = BAD},
    {"two Hosts, differing", "~G~HHost: ~J.test\r\n~A\r\n", .edge = BAD, .gateway = BAD},
    {"two Hosts, the same", "~G~H~H~A\r\n", .edge = OK | BAD, .gateway = BAD},
    {"absolute form", "GET http://~J.test/v1/organisations/pcn-rutland HTTP/1.1\r\n~H~A\r\n", .edge = BAD, .gateway = BAD},
    {"absolute form, same Host", "GET http://x/v1/organisations/pcn-rutland HTTP/1.1\r\n~H~A\r\n", .edge = BAD, .gateway = BAD},
    {"authority form", LINE("CONNECT ~J.test:443 HTTP/1.1"), .edge = BAD | VERB, .gateway = BAD | VERB},
    {"asterisk form", LINE("OPTIONS * HTTP/1.1"), .edge = BAD, .gateway = BAD},
    {"asterisk to read", TARGET("*"), .edge = BAD, .gateway = BAD},
    {"target without a slash", TARGET("v1/organisations"), .edge = BAD, .gateway = BAD},
    // Encodings of the target.
    {"%00", TARGET("/v1/organisations/~J%00~J"), .edge = BAD, .gateway = BAD},
    {"%00 in the query", TARGET("/v1/organisations?q=~J%00"), .edge = BAD, .gateway = BAD},
    {"dot segments", TARGET("/v1/organisations/../~J"), .edge = BAD, .gateway = BAD},
    {"dot segments, encoded", TARGET("/v1/organisations/%2e%2E/~J"), .edge = BAD, .gateway = BAD},
    {"dot segments, half encoded", TARGET("/v1/.%2e/v1/organisations"), .edge = BAD, .gateway = BAD},
    {"dot segments, encoded twice", TARGET("/v1/organisations/%252e%252e"), .edge = BAD, .gateway = BAD},
    {"dot segments, wide", TARGET("/v1/organisations/%ef%bc%8e%ef%bc%8e"), .edge = BAD, .gateway = BAD},
    {"slash, encoded", TARGET("/v1/organisations%2f~J"), .edge = BAD, .gateway = BAD},
    {"slash, encoded twice", TARGET("/v1%252forganisations"), .edge = NONE, .gateway = NONE},
    {"backslash", TARGET("/v1/organisations\\..\\~J"), .edge = BAD, .gateway = BAD},
    {"backslash, encoded", TARGET("/v1/organisations%5c~J"), .edge = BAD, .gateway = BAD},
    {"overlong slash", TARGET("/v1/organisations/%c0%af~J"), .edge = BAD, .gateway = BAD},
    {"overlong dots", TARGET("/v1/organisations/%c0%ae%c0%ae"), .edge = BAD, .gateway = BAD},
    {"overlong NUL", TARGET("/v1/organisations/%c0%80"), .edge = BAD, .gateway = BAD},
    {"overlong, three bytes", TARGET("/v1/organisations/%e0%80%af"), .edge = BAD, .gateway = BAD},
    {"surrogate", TARGET("/v1/organisations?q=%ed%a0%80"), .edge = BAD, .gateway = BAD},
    {"beyond Unicode", TARGET("/v1/organisations?q=%f4%90%80%80"), .edge = BAD, .gateway = BAD},
    {"cut UTF-8", TARGET("/v1/organisations?q=~J%e2%82"), .edge = BAD, .gateway = BAD},
    {"bytes", TARGET("/v1/organisations/~B"), .edge = BAD, .gateway = BAD},
    {"encoding without digits", TARGET("/v1/organisations/~J%"), .edge = BAD, .gateway = BAD},
    {"encoding with one digit", TARGET("/v1/organisations/~J%4"), .edge = BAD, .gateway = BAD},
    {"encoding that is none", TARGET("/v1/organisations/%zz"), .edge = BAD, .gateway = BAD},
    {"encoding of another kind", TARGET("/v1/organisations/%u002e"), .edge = BAD, .gateway = BAD},
    {"CR LF, encoded", TARGET("/v1/organisations/~J%0d%0aX-~J:%20~J"), .edge = BAD, .gateway = BAD},
    {"control character", TARGET("/v1/organisations/~J~C"), .edge = BAD, .gateway = BAD},
    {"blank in the target", TARGET("/v1/organisations/~J ~J"), .edge = BAD, .gateway = BAD},
    {"quotes and brackets", TARGET("/v1/organisations/\"<~J>{}|^`"), .edge = BAD, .gateway = BAD},
    {"fragment", TARGET("/v1/organisations#~J"), .edge = BAD, .gateway = BAD},
    {"doubled slash", TARGET("//v1//organisations"), .edge = BAD, .gateway = BAD},
    {"parameter of the path", TARGET("/v1/organisations;~J=~J"), .edge = NONE, .gateway = NONE},
    {"too many segments", TARGET("/v1/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/~J"), .edge = BAD, .gateway = BAD},
    {"parameter twice", TARGET("/v1/organisations?q=~J&q=~J"), .edge = BAD, .gateway = BAD},
    {"parameter without a name", TARGET("/v1/organisations?=~J"), .edge = BAD, .gateway = BAD},
    {"very long target", TARGET("/v1/organisations/~K"), .edge = BAD | LONG | HEAD, .gateway = BAD | LONG | HEAD},
    {"all the room there is", "GET /~Q HTTP/1.1\r\n~H~A~R\r\n", .edge = NONE, .gateway = NONE},
    // Methods and versions.
    {"unknown method", LINE("X~J /v1/organisations HTTP/1.1"), .edge = BAD | VERB, .gateway = BAD | VERB},
    {"method in small letters", LINE("get /v1/organisations HTTP/1.1"), .edge = VERB, .gateway = VERB},
    {"method with a bracket", LINE("G(ET /v1/organisations HTTP/1.1"), .edge = BAD, .gateway = BAD | VERB},
    {"method with bytes", LINE("G~BET /v1/organisations HTTP/1.1"), .edge = BAD, .gateway = BAD | VERB},
    {"TRACE", LINE("TRACE /v1/organisations HTTP/1.1"), .edge = VERB, .gateway = VERB},
    {"HTTP/0.9", "GET /v1/organisations\r\n\r\n", .edge = BAD, .gateway = BAD},
    {"HTTP/1.~N", LINE("GET /v1/organisations HTTP/1.2"), .edge = BAD, .gateway = BAD},
    {"HTTP/2.0 in words", LINE("GET /v1/organisations HTTP/2.0"), .edge = BAD, .gateway = BAD | VERSION},
    {"HTTP/~N.~N", LINE("GET /v1/organisations HTTP/~N.~N"), .edge = BAD, .gateway = BAD | VERSION},
    {"version a word", LINE("GET /v1/organisations ~J"), .edge = BAD, .gateway = BAD},
    {"version in small letters", LINE("GET /v1/organisations http/1.1"), .edge = BAD, .gateway = BAD},
    {"blanks before the method", LINE("  GET /v1/organisations HTTP/1.1"), .edge = BAD, .gateway = BAD},
    {"blanks for the target", LINE("GET   HTTP/1.1"), .edge = BAD, .gateway = BAD},
    // Other protocols, and what is left lying about.
    {"TLS", "\x16\x03\x01\x02~0\x01~0\x01\xfc\x03\x03~B~B~B~B\r\n\r\n", .edge = BAD, .gateway = BAD, .half = true},
    {"SSH", "SSH-2.0-~J\r\n", .edge = BAD, .gateway = BAD},
    {"PROXY", "PROXY TCP4 192.0.2.~N 192.0.2.1 ~N 80\r\n~G~H~A\r\n", .edge = BAD, .gateway = BAD},
    {"rubbish", "~B~J~B\r\n\r\n", .edge = BAD, .gateway = BAD, .half = true},
    {"rubbish after a request", "~G~H~A\r\n~B~J~C\r\n\r\n", .edge = BAD, .gateway = BAD, .half = true, .good = 1},
    {"bad request after a good one", "~G~H~A\r\n~G~H~AX ~J: ~J\r\n\r\n~S", .edge = BAD, .gateway = BAD, .good = 1},
    {"body where none is", "~G~H~AContent-Length: ~L\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"upgrade to nothing", "~PConnection: Upgrade\r\nUpgrade: ~J\r\nContent-Length: ~L\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"expectation unknown", "~PExpect: ~J\r\nContent-Length: ~L\r\n\r\n~S", .edge = BAD, .gateway = BAD},
    {"half a request line", "GET /v1/organi", .edge = BAD | LATE, .gateway = 0, .half = true},
    {"half a head", "~G~HX-~J: ", .edge = BAD | LATE, .gateway = 0, .half = true},
    {"half a body", "~PContent-Length: 9~N\r\n\r\n{\"code\":\"~J", .edge = BAD | LATE, .gateway = 0, .half = true},
    {"half a chunk", "~P" CHUNKED "\r\n5~X\r\n~J", .edge = BAD | LATE, .gateway = 0, .half = true},
    {"mutated", NULL, .edge = OK | ANY, .gateway = OK | ANY | VERSION, .half = true, .good = 2},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

size_t malformed_kinds(void)
{
    return KINDS;
}

const malformed_kind_t *malformed_kind(size_t index)
{
    return &kinds[index];
}

const char *malformed_name(const malformed_kind_t *kind)
{
    return kind->name;
}

bool malformed_is_half(const malformed_kind_t *kind)
{
    return kind->half;
}

unsigned malformed_good(const malformed_kind_t *kind)
{
    return kind->good;
}

bool malformed_allows(const malformed_kind_t *kind, raw_place_t place, int status)
{
    static const struct {
        int status;
        unsigned bit;
    } bits[] = {{200, OK},   {400, BAD},    {404, NONE}, {405, VERB},    {408, LATE}, {413, BIG},  {414, LONG},
                {415, TYPE}, {422, CODING}, {431, HEAD}, {505, VERSION}, {401, WHO},  {406, MEDIA}};
    const unsigned allowed = place == RAW_EDGE ? kind->edge : kind->gateway;
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        if (bits[i].status == status)
            return (allowed & bits[i].bit) != 0;
    }
    return false;
}

// SplitMix64.
static uint64_t next(malformed_source_t *source)
{
    uint64_t z = source->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static size_t below(malformed_source_t *source, size_t limit)
{
    return (size_t)(next(source) % limit);
}

static void add_word(malformed_source_t *source, buf_t *out)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    buf_add_char(out, letters[below(source, 26)]);
    for (size_t left = below(source, 12); left > 0; left--)
        buf_add_char(out, letters[below(source, sizeof letters - 1)]);
}

static void add_headers(malformed_source_t *source, buf_t *out)
{
    for (size_t i = 0, count = 110 + below(source, 2500); i < count; i++)
        buf_printf(out, "X-%zu: %zu\r\n", i, below(source, 1000));
}

static void add_second(const malformed_source_t *source, buf_t *out)
{
    char body[128];
    const int size = snprintf(body, sizeof body, "{\"code\":\"" MALFORMED_CODE "-%06u\",\"name\":\"Smuggled\",\"kind\":\"voluntary\"}",
                              source->serial % 1000000);
    buf_printf(out,
               "POST /v1/organisations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
               "Content-Length: %d\r\n\r\n%s",
               source->token, size, body);
}

static size_t second_size(const malformed_source_t *source)
{
    buf_t second;
    buf_init(&second, 65536);
    add_second(source, &second);
    const size_t size = second.size;
    buf_deinit(&second);
    return size;
}

static void add_place(malformed_source_t *source, char letter, buf_t *out)
{
    switch (letter) {
    case 'A':
        buf_printf(out, "Authorization: Bearer %s\r\n", source->token);
        break;
    case 'H':
        buf_add_string(out, "Host: x\r\n");
        break;
    case 'G':
        buf_add_string(out, "GET /v1/organisations/pcn-rutland HTTP/1.1\r\n");
        break;
    case 'P':
        buf_printf(out, "POST /v1/organisations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n",
                   source->token);
        break;
    case 'S':
        add_second(source, out);
        break;
    case 'L':
        buf_printf(out, "%zu", second_size(source));
        break;
    case 'X':
        buf_printf(out, "%zx", second_size(source));
        break;
    case 'N':
        buf_printf(out, "%zu", 3 + below(source, 9000));
        break;
    case 'J':
        add_word(source, out);
        break;
    case 'B':
        for (size_t left = 1 + below(source, 8); left > 0; left--)
            buf_add_char(out, (char)(0xf8 + below(source, 8)));
        break;
    case 'C':
        buf_add_char(out, "\x01\x02\x07\x08\x0b\x0c\x0e\x1b\x1f\x7f"[below(source, 10)]);
        break;
    case '0':
        buf_add_char(out, '\0');
        break;
    case 'Q':
        for (size_t left = 8191; left > 0; left--)
            buf_add_char(out, 'q');
        break;
    case 'R':
        for (size_t i = 0; i < 95; i++)
            buf_printf(out, "X-%02zu: %0*zu\r\n", i, 108, below(source, 1000));
        break;
    case 'K':
        for (size_t left = 9000 + below(source, 60000); left > 0; left--)
            buf_add_char(out, 'k');
        break;
    default:
        add_headers(source, out);
        break;
    }
}

static void fill(malformed_source_t *source, const char *text, buf_t *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '~')
            add_place(source, *++text, out);
        else
            buf_add_char(out, *text);
    }
}

// A good request, of which a few bytes are changed, left out or doubled.
static void mutate(malformed_source_t *source, buf_t *out)
{
    static const char bytes[] = "\0\r\n\t :;,%/?#\"\\\x1b\x80\xff{}[]()0";
    buf_t good;
    buf_init(&good, 65536);
    fill(source, below(source, 2) == 0 ? "~G~H~A\r\n" : "~G~H~AX-~J: ~J\r\nAccept: */*\r\n\r\n~G~H~A\r\n", &good);
    size_t at[3];
    const size_t changes = 1 + below(source, 3);
    for (size_t i = 0; i < changes; i++)
        at[i] = below(source, good.size);
    for (size_t i = 0; i < good.size; i++) {
        bool changed = false;
        for (size_t j = 0; j < changes && !changed; j++)
            changed = at[j] == i;
        const size_t how = changed ? below(source, 4) : 4;
        if (how == 0)
            buf_add_char(out, bytes[below(source, sizeof bytes - 1)]);
        else if (how == 1)
            buf_add_char(out, (char)below(source, 256));
        else if (how == 2)
            buf_add(out, good.data + i, good.size - i < 4 ? good.size - i : 4);
        if (how >= 2 && how != 3)
            buf_add_char(out, good.data[i]);
    }
    buf_deinit(&good);
}

const malformed_kind_t *malformed_make(malformed_source_t *source, buf_t *out)
{
    const malformed_kind_t *kind = &kinds[below(source, KINDS)];
    source->serial++;
    if (kind->text != NULL)
        fill(source, kind->text, out);
    else
        mutate(source, out);
    return kind;
}
