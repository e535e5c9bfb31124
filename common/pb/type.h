// What protobuf-c's descriptors leave out: JSON names, rules, comments and HTTP routes of the contract. tools/pcn_proto_gen.py writes
// these tables at build time from the .proto files; everything that works by descriptor works on a pb_type_t.
//
// All tables are constant and live as long as the process.
#ifndef PCN_PB_TYPE_H
#define PCN_PB_TYPE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum pb_format {
    PB_FORMAT_NONE,
    PB_FORMAT_CODE,
    PB_FORMAT_DATE,
    PB_FORMAT_INSTANT,
    PB_FORMAT_LINE,
    PB_FORMAT_TEXT,
    PB_FORMAT_UUID,
} pb_format_t;

enum {
    PB_REQUIRED = 1,
    PB_OUTPUT_ONLY = 2,
    PB_SENSITIVE = 4,
    PB_RAW_JSON = 8,
    PB_IMMUTABLE = 16,
    PB_HAS_MINIMUM = 32,
    PB_HAS_MAXIMUM = 64,
    PB_ALWAYS = 128,      // a list that JSON shows even where it is empty
    PB_ALTERNATIVE = 256, // it or another field is needed
};

typedef struct pb_enum {
    const ProtobufCEnumDescriptor *descriptor;
    // Parallel to descriptor->values: "local-authority"; NULL for the unspecified value 0, which JSON never shows nor accepts.
    const char *const *json;
} pb_enum_t;

struct pb_type;

// Parallel to type->descriptor->fields.
typedef struct pb_field {
    const char *json; // "openedOn"
    const char *comment;
    const struct pb_type *type;   // of a message field
    const pb_enum_t *enumeration; // of an enum field
    unsigned flags;
    pb_format_t format;
    const char *pattern;             // POSIX extended, without anchors; the whole string must match
    const char *example;             // what it looks like; NULL where the contract says none
    uint32_t min_length, max_length; // code points; 0 for none
    uint32_t max_items;
    int64_t minimum, maximum;
} pb_field_t;

typedef struct pb_type {
    const char *name; // "pcn.registry.v1.Organisation"
    const char *comment;
    const ProtobufCMessageDescriptor *descriptor;
    const pb_field_t *fields;
} pb_type_t;

enum { PB_CHANGES = 1, PB_PATCHES = 2, PB_PUBLIC_ROWS = 4, PB_DOWNLOAD = 8, PB_AUDITED = 16 };

typedef struct pb_method {
    const char *name;       // "pcn.registry.v1.Registry/GetOrganisation"
    const char *short_name; // "GetOrganisation"
    const char *service;    // "registry": which daemon answers it; NULL where the path says so
    const char *comment;
    const pb_type_t *request, *reply;
    const char *verb, *path; // NULL where it has no HTTP route
    const char *body;        // request field, "*", or NULL
    const char *scope;       // NULL where none is needed
    const char *service_from;
    const char *upload;  // short name of the method that takes a body's pieces; NULL where the body is JSON
    const char *part_of; // short name of the method whose upload it takes pieces of
    unsigned flags;
    int success;
} pb_method_t;

typedef struct pb_service {
    const char *name; // "pcn.registry.v1.Registry"
    const char *comment;
    const pb_method_t *methods;
    unsigned method_count;
} pb_service_t;

// Every service of the contract, in the order of the files; ended by NULL.
extern const pb_service_t *const pcn_services[];
// Every message type of the contract, ended by NULL: for tests that walk them all.
extern const pb_type_t *const pcn_types[];
// Names of the daemons that the contract knows ("registry", …), ended by NULL.
extern const char *const pcn_service_names[];

// Index into descriptor->fields, or -1. By the proto's name ("opened_on") and by JSON's.
int pb_field_by_name(const pb_type_t *type, const char *name);
int pb_field_by_json(const pb_type_t *type, const char *json, size_t size);
// NULL where there is none.
const pb_method_t *pb_method_by_name(const char *name);

#endif
