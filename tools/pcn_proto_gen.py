#!/usr/bin/env python3
"""Writes the tables of common/pb/type.h from a descriptor set.

    pcn_proto_gen.py --options DIR --out DIR SET

DIR of --options holds options_pb2 as protoc --python_out made it; SET comes from
protoc --descriptor_set_out --include_imports --include_source_info. For each file x.proto of ours x.meta.c and x.meta.h appear, and
pcn/contract.meta.c with the lists over all files. Why a generator, and why in Python: docs/decisions.
"""
import argparse
import os
import re
import sys

from google.protobuf import descriptor_pb2

FORMATS = {"": "NONE", "code": "CODE", "date": "DATE", "instant": "INSTANT", "line": "LINE", "text": "TEXT", "uuid": "UUID"}
# Numbers within a descriptor, for the paths of source comments.
FILE_MESSAGE, FILE_ENUM, FILE_SERVICE, MESSAGE_FIELD, MESSAGE_NESTED, SERVICE_METHOD = 4, 5, 6, 2, 3, 2


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def symbol(full_name):
    """protobuf-c's way: pcn.registry.v1.Organisation -> pcn__registry__v1__organisation."""
    return "__".join(snake(part) for part in full_name.split("."))


def quote(text):
    if text is None:
        return "NULL"
    out = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("?", "\\?")
    return f'"{out}"'


class File:
    """One .proto file with its comments."""

    def __init__(self, proto):
        self.proto = proto
        self.comments = {tuple(l.path): " ".join(l.leading_comments.split()) for l in proto.source_code_info.location if l.leading_comments}
        self.stem = proto.name[: -len(".proto")]

    def comment(self, *path):
        return self.comments.get(path, "")

    def messages(self):
        def walk(message, prefix, path):
            name = f"{prefix}.{message.name}"
            yield name, message, path
            for i, nested in enumerate(message.nested_type):
                yield from walk(nested, name, path + (MESSAGE_NESTED, i))

        for i, message in enumerate(self.proto.message_type):
            yield from walk(message, self.proto.package, (FILE_MESSAGE, i))

    def enums(self):
        for i, enum in enumerate(self.proto.enum_type):
            yield f"{self.proto.package}.{enum.name}", enum, (FILE_ENUM, i)

    def services(self):
        for i, service in enumerate(self.proto.service):
            yield f"{self.proto.package}.{service.name}", service, (FILE_SERVICE, i)


def enum_json(enum):
    """ORGANISATION_KIND_LOCAL_AUTHORITY -> local-authority; the zero value is not shown. protobuf-c sorts values by number."""
    prefix = snake(enum.name).upper() + "_"
    by_number = {}
    for value in enum.value:
        by_number.setdefault(value.number, value.name)
    rows = []
    for number in sorted(by_number):
        name = by_number[number]
        if not name.startswith(prefix):
            sys.exit(f"{enum.name}: value {name} does not begin with {prefix}")
        rows.append(None if number == 0 else name[len(prefix):].lower().replace("_", "-"))
    return rows


def rule_of(options_pb2, field):
    return field.options.Extensions[options_pb2.field]


def field_row(options_pb2, file, field, path):
    rule = rule_of(options_pb2, field)
    flags = [f"PB_{n}" for n, on in (("REQUIRED", rule.required), ("OUTPUT_ONLY", rule.output_only), ("SENSITIVE", rule.sensitive),
                                     ("RAW_JSON", rule.raw_json), ("IMMUTABLE", rule.immutable), ("ALWAYS", rule.always),
                                     ("ALTERNATIVE", rule.alternative),
                                     ("HAS_MINIMUM", rule.HasField("minimum")),
                                     ("HAS_MAXIMUM", rule.HasField("maximum"))) if on]
    if rule.always and field.label != field.LABEL_REPEATED:
        sys.exit(f"{field.name}: only a list can be written always")
    if rule.format not in FORMATS:
        sys.exit(f"{field.name}: unknown format {rule.format}")
    cells = [f".json = {quote(camel(field.name))}", f".comment = {quote(file.comment(*path))}"]
    if field.type == field.TYPE_MESSAGE:
        cells.append(f".type = &{symbol(field.type_name[1:])}__type")
    if field.type == field.TYPE_ENUM:
        cells.append(f".enumeration = &{symbol(field.type_name[1:])}__enum")
    if flags:
        cells.append(f".flags = {' | '.join(flags)}")
    if rule.format:
        cells.append(f".format = PB_FORMAT_{FORMATS[rule.format]}")
    if rule.pattern:
        cells.append(f".pattern = {quote(rule.pattern)}")
    if rule.example:
        cells.append(f".example = {quote(rule.example)}")
    for name in ("min_length", "max_length", "max_items", "minimum", "maximum"):
        if getattr(rule, name):
            cells.append(f".{name} = {getattr(rule, name)}")
    return "    {" + ", ".join(cells) + "},\n"


def service_name(package):
    """pcn.registry.v1 -> registry: the daemon that answers."""
    return package.split(".")[1]


def method_row(options_pb2, file, full_name, method, path):
    rule = method.options.Extensions[options_pb2.method]
    flags = [f"PB_{n}" for n, on in (("CHANGES", rule.changes), ("PATCHES", rule.patches), ("PUBLIC_ROWS", rule.public_rows),
                                     ("DOWNLOAD", rule.download), ("AUDITED", rule.audited)) if on]
    return ("    {"
            f".name = {quote(full_name + '/' + method.name)}, .short_name = {quote(method.name)}, "
            f".service = {quote(None if rule.service_from else service_name(file.proto.package))}, "
            f".comment = {quote(file.comment(*path))}, "
            f".request = &{symbol(method.input_type[1:])}__type, .reply = &{symbol(method.output_type[1:])}__type, "
            f".verb = {quote(rule.verb or None)}, .path = {quote(rule.path or None)}, .body = {quote(rule.body or None)}, "
            f".scope = {quote(rule.scope or None)}, .service_from = {quote(rule.service_from or None)}, "
            f".upload = {quote(rule.upload or None)}, .part_of = {quote(rule.part_of or None)}, "
            f".flags = {' | '.join(flags) or '0'}, .success = {rule.success or 200}"
            "},\n")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def generate(options_pb2, file, out):
    guard = re.sub(r"\W", "_", file.stem).upper() + "_META_H"
    header = [f"// Made from {file.proto.name}.\n#ifndef {guard}\n#define {guard}\n\n#include \"common/pb/type.h\"\n#include \"{file.stem}.pb-c.h\"\n\n"]
    code = [f"// Made from {file.proto.name}.\n#include \"{file.stem}.meta.h\"\n\n"]
    for dependency in file.proto.dependency:
        if dependency.startswith("pcn/") and not dependency.endswith("/options.proto"):
            code.append(f"#include \"{dependency[:-6]}.meta.h\"\n")
    for name, enum, _ in file.enums():
        header.append(f"extern const pb_enum_t {symbol(name)}__enum;\n")
        rows = ", ".join(quote(json) for json in enum_json(enum))
        code.append(f"static const char *const {symbol(name)}__json[] = {{{rows}}};\n"
                    f"const pb_enum_t {symbol(name)}__enum = {{&{symbol(name)}__descriptor, {symbol(name)}__json}};\n\n")
    for name, message, path in file.messages():
        header.append(f"extern const pb_type_t {symbol(name)}__type;\n")
    for name, message, path in file.messages():
        fields = sorted(enumerate(message.field), key=lambda pair: pair[1].number)  # protobuf-c's order
        rows = "".join(field_row(options_pb2, file, f, path + (MESSAGE_FIELD, i)) for i, f in fields)
        table = f"{symbol(name)}__fields"
        if rows:
            code.append(f"static const pb_field_t {table}[] = {{\n{rows}}};\n")
        code.append(f"const pb_type_t {symbol(name)}__type = {{{quote(name)}, {quote(file.comment(*path))}, &{symbol(name)}__descriptor, "
                    f"{table if rows else 'NULL'}}};\n\n")
    for name, service, path in file.services():
        header.append(f"extern const pb_service_t {symbol(name)}__service;\n")
        rows = "".join(method_row(options_pb2, file, name, m, path + (SERVICE_METHOD, i)) for i, m in enumerate(service.method))
        code.append(f"static const pb_method_t {symbol(name)}__methods[] = {{\n{rows}}};\n"
                    f"const pb_service_t {symbol(name)}__service = {{{quote(name)}, {quote(file.comment(*path))}, "
                    f"{symbol(name)}__methods, {len(service.method)}}};\n")
    header.append("\n#endif\n")
    write(os.path.join(out, file.stem + ".meta.h"), "".join(header))
    write(os.path.join(out, file.stem + ".meta.c"), "".join(code))


def generate_lists(options_pb2, files, out):
    text = ["// Every service and message of the contract.\n"] + [f"#include \"{f.stem}.meta.h\"\n" for f in files]
    text.append("\nconst pb_service_t *const pcn_services[] = {\n")
    text += [f"    &{symbol(name)}__service,\n" for f in files for name, _, _ in f.services()]
    text.append("    NULL};\n\nconst pb_type_t *const pcn_types[] = {\n")
    text += [f"    &{symbol(name)}__type,\n" for f in files for name, _, _ in f.messages()]
    text.append("    NULL};\n\nconst char *const pcn_service_names[] = {\n")
    # A service that every daemon has (its paths name the daemon) makes no daemon of its own.
    names = sorted({service_name(f.proto.package) for f in files for _, s, _ in f.services()
                    if not all(m.options.Extensions[options_pb2.method].service_from for m in s.method)})
    text += [f"    {quote(n)},\n" for n in names]
    text.append("    NULL};\n")
    write(os.path.join(out, "pcn", "contract.meta.c"), "".join(text))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--options", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("set")
    arguments = parser.parse_args()
    sys.path.insert(0, arguments.options)
    from pcn.common.v1 import options_pb2  # made by protoc; registers the extensions

    with open(arguments.set, "rb") as source:
        descriptors = descriptor_pb2.FileDescriptorSet.FromString(source.read())
    files = [File(p) for p in descriptors.file if p.name.startswith("pcn/") and not p.name.endswith("/options.proto")]
    for file in files:
        generate(options_pb2, file, arguments.out)
    generate_lists(options_pb2, files, arguments.out)


if __name__ == "__main__":
    main()
