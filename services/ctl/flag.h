// The flags of a call, made from the fields of its request.
//
// A field is its name in kebab case ("as_of" is --as-of), one of a nested message is dotted (--identifiers.system). The fields of the
// message that is the body are flags without its name (--name for organisation.name), unless the request has a field of that name beside
// the body; with it (--organisation.code) they are always found. What only the service sets is no flag.
#ifndef PCN_CTL_FLAG_H
#define PCN_CTL_FLAG_H

#include "common/pb/json.h"
#include "services/ctl/contract.h"

typedef struct flag {
    char name[CONTRACT_NAME_SIZE]; // without its hyphens
    pb_path_t path;                // from the request to the field
} flag_t;

// Names of the options that calls have, without hyphens, ended by NULL: no flag is called so.
extern const char *const flag_reserved[];

// False where the call has no such flag. `size` of the name, which has no hyphens in front.
bool flag_find(const pb_method_t *method, const char *name, size_t size, flag_t *flag);
// Every flag under its shortest name; messages as their fields, down to those that hold a value.
typedef void (*flag_fn)(void *data, const flag_t *flag);
void flag_walk(const pb_method_t *method, flag_fn each, void *data);

const ProtobufCFieldDescriptor *flag_descriptor(const flag_t *flag);
const pb_field_t *flag_field(const flag_t *flag);
// Whether the path of the route holds it.
bool flag_in_path(const pb_method_t *method, const flag_t *flag);
// Whether the call cannot do without it.
bool flag_required(const pb_method_t *method, const flag_t *flag);
// May be given again: it, or what it lies in, is a list.
bool flag_repeats(const flag_t *flag);
// The field of a problem ("organisation.identifiers[0].system", or relative to the body) as its flag with hyphens; false, with the field
// itself, where it is none.
bool flag_of_problem(const pb_method_t *method, const char *field, char out[CONTRACT_NAME_SIZE]);
// What a value looks like: "DATE", "registered|weighted|adjusted", "JSON". Empty for what may stand alone.
void flag_value(const flag_t *flag, buf_t *out);
// The names of an enum, with the separator between them; nothing for other types.
void flag_names(const flag_t *flag, const char *separator, buf_t *out);

// The request's field that the body is; -1 where it is the request itself, or where there is none.
int flag_body_index(const pb_method_t *method);
bool flag_body_is_request(const pb_method_t *method);

#endif
