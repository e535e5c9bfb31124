#!/usr/bin/env python3
"""Writes openapi.json (OpenAPI 3.1) from a descriptor set: routes, rules and comments of the contract.

    pcn_openapi.py --options DIR --version FILE --out FILE SET

What the gateway serves by itself, without a method of the contract, is in OWN_PATHS. Limits that hold for every request are those of
services/gateway/guard.h.
"""
import argparse
import json
import re
import sys

from google.protobuf import descriptor_pb2

from pcn_proto_gen import File, camel, enum_json, rule_of, service_name

CODE = "^([a-z0-9][a-z0-9-]{1,63}|[A-Z0-9]{3,12})$"
EXAMPLES = {"code": "pcn-rutland", "date": "2019-07-01", "instant": "2026-11-25T22:40:07.005322Z", "uuid": "0190b2a0-0000-7000-8000-000000000001"}
UPLOAD_MAX = "64 MiB"
BODY_MAX = "256 KiB"

# Status → (name, when); the order of the document.
PROBLEMS = {
    400: ("BadRequest", "The request is malformed, or breaks a rule that can be seen from it alone; `field` names what."),
    401: ("Unauthenticated", "No valid token."),
    403: ("Forbidden", "The token lacks the scope."),
    404: ("NotFound", "Not there, or out of the caller's reach."),
    406: ("NotAcceptable", "`Accept` does not allow what would be answered."),
    408: ("TooSlow", "Headers or body did not arrive in time."),
    409: ("Conflict", "It is there already, or others changed it again and again meanwhile."),
    410: ("Gone", "A place of the event log that is not there any more, or of another epoch; the detail names the way to a snapshot."),
    412: ("PreconditionFailed", "The version has moved on since the one in `If-Match`."),
    413: ("TooLarge", f"A body over {BODY_MAX} (an upload: {UPLOAD_MAX})."),
    415: ("UnsupportedMediaType", "The body is of another type, or encoded."),
    422: ("RuleNotMet", "A rule of the field is not met, what is referred to is not there, or the key was used for another request."),
    428: ("PreconditionRequired", "`If-Match` is missing."),
    429: ("TooMuch", "The service has too much to do, or the request takes more memory than one may have."),
    431: ("HeadersTooLarge", "Headers over 12 KiB together."),
    500: ("Defect", "A defect of ours; the request id finds it in the log."),
    502: ("BrokenConnection", "The connection behind the edge broke: repeat, a write under its key."),
    503: ("Unavailable", "The service is away, or too many requests wait."),
    504: ("NoAnswer", "No answer in time. A write may have taken place: repeat it under its key."),
}
# Whatever is asked.
ALWAYS = (400, 401, 403, 406, 408, 429, 431, 500, 502, 503, 504)
RETRIES = (429, 503)

HEADERS = {
    "ETag": {"description": "The version in double quotes, for If-Match.", "schema": {"type": "string"}, "example": '"3"'},
    "Location": {"description": "Where the made resource is.", "schema": {"type": "string", "format": "uri-reference"}},
    "Idempotent-Replayed": {"description": "`true`: the answer that was given before under the same key.", "schema": {"type": "string", "enum": ["true"]}},
    "X-Request-Id": {"description": "Names the request in logs and in the audit trail.", "schema": {"type": "string", "format": "uuid"}},
    "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}},
}

PARAMETERS = {
    "IfMatch": {"name": "If-Match", "in": "header", "required": True, "description": "The ETag of the version to change.", "schema": {"type": "string", "pattern": '^"[0-9]+"$'}, "example": '"1"'},
    "IfMatchOptional": {"name": "If-Match", "in": "header", "description": "Only where the resource is at this version still.", "schema": {"type": "string", "pattern": '^"[0-9]+"$'}, "example": '"1"'},
    "IdempotencyKey": {"name": "Idempotency-Key", "in": "header", "description": "A repeat under the same key gets the first answer and changes nothing; kept for 24 hours, for changes that took place.",
                       "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"}},
}

# The comments of the contract name refusals by their status, which over HTTP is a number.
REFUSALS = {"INVALID_ARGUMENT": "400", "PERMISSION_DENIED": "403", "NOT_FOUND": "404", "ALREADY_EXISTS": "409", "OUT_OF_RANGE": "410",
            "ABORTED": "409 (412 with If-Match)", "FAILED_PRECONDITION": "422", "RESOURCE_EXHAUSTED": "429", "UNAVAILABLE": "503"}

STREAM = {
    "get": {
        "operationId": "streamEvents", "tags": ["Events"], "summary": "Follows change events live.",
        "description": "Server-Sent Events: each `data` is an Event as JSON, each `id` resumes all services' logs after it, on any replica, by `Last-Event-ID`. A comment at least every 15 s.",
        "security": [{"token": ["events.read"]}],
        "parameters": [
            {"name": "services", "in": "query", "description": "Which logs, separated by commas; all unless given.", "schema": {"type": "string"}, "example": "registry"},
            {"name": "type", "in": "query", "description": "Only events whose type begins so.", "schema": {"type": "string", "maxLength": 128}},
            {"name": "after", "in": "query", "description": "The place after which to begin, of a single service; without it and without Last-Event-ID the stream begins now.", "schema": {"type": "integer", "format": "int64", "minimum": 0}},
            {"name": "Last-Event-ID", "in": "header", "description": "The `id` of the last event that arrived.", "schema": {"type": "string", "maxLength": 1024}},
        ],
        "responses": {"200": {"description": "The stream.", "content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    }
}


def own(operation, summary, media, schema):
    content = {media: {"schema": schema}}
    return {"get": {"operationId": operation, "tags": ["Platform"], "summary": summary, "security": [],
                    "responses": {"200": {"description": "It is.", "content": content}, **problems(400, 503)}}}


def problems(*statuses):
    return {str(s): {"$ref": f"#/components/responses/{PROBLEMS[s][0]}"} for s in sorted(statuses)}


STATUS_OK = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string", "const": "ok"}}}


def own_paths():
    stream = {"get": dict(STREAM["get"])}
    stream["get"]["responses"] = {**STREAM["get"]["responses"], **problems(*ALWAYS, 404, 410)}
    return {
        "/v1/events/stream": stream,
        "/healthz": own("health", "The gateway runs.", "application/json", STATUS_OK),
        "/readyz": own("readiness", "The gateway reaches its services.", "application/json", STATUS_OK),
        "/openapi.json": own("openapi", "This document.", "application/json", {"type": "object"}),
        "/asyncapi.json": own("asyncapi", "The events' document.", "application/json", {"type": "object"}),
        "/docs": own("docs", "This document as a page.", "text/html", {"type": "string"}),
    }


class Contract:
    def __init__(self, options_pb2, files):
        self.options = options_pb2
        self.files = files
        self.enums, self.messages, self.short = {}, {}, {}
        for file in files:
            for name, enum, path in file.enums():
                self.enums[name] = (enum, file.comment(*path))
            for name, message, path in file.messages():
                self.messages[name] = (message, file, path)
        self.schemas = {}

    def methods(self):
        for file in self.files:
            for name, service, path in file.services():
                for i, method in enumerate(service.method):
                    rule = method.options.Extensions[self.options.method]
                    yield file, service, method, rule, file.comment(*path, 2, i)

    # ---- schemas ----

    def schema_name(self, full, manner):
        """Short, and with its package's area where two share it: pcn.events.v1.ReadReply -> EventsReadReply."""
        short = full.rsplit(".", 1)[1]
        if sum(1 for name in self.messages if name.rsplit(".", 1)[1] == short) > 1:
            short = full.split(".")[1].capitalize() + short
        return short + manner

    def reference(self, full, manner):
        name = self.schema_name(full, manner)
        if name not in self.schemas:
            self.schemas[name] = None  # a tree holds itself
            self.schemas[name] = self.message_schema(full, manner)
        return {"$ref": f"#/components/schemas/{name}"}

    def enum_reference(self, full):
        enum, comment = self.enums[full]
        name = full.rsplit(".", 1)[1]
        values = [v for v in enum_json(enum) if v is not None]
        self.schemas[name] = {"type": "string", "enum": values, **({"description": comment} if comment else {}), "examples": values[:1]}
        return {"$ref": f"#/components/schemas/{name}"}

    def message_schema(self, full, manner):
        message, file, path = self.messages[full]
        properties, required = {}, []
        for i, field in enumerate(message.field):
            rule = rule_of(self.options, field)
            if manner and rule.output_only:
                continue
            if manner == "Patch" and rule.immutable:
                continue
            schema = self.field_schema(field, rule, "Input" if manner else "", file.comment(*path, 2, i))
            if manner == "Patch" and not rule.required:
                schema = {"anyOf": [schema, {"type": "null"}]}
            properties[camel(field.name)] = schema
            if (rule.required and manner != "Patch") or (rule.always and not manner):
                required.append(camel(field.name))
        schema = {"type": "object", "properties": properties}
        if file.comment(*path):
            schema["description"] = file.comment(*path)
        if required:
            schema["required"] = required
        if manner:
            schema["additionalProperties"] = False
        if manner == "Patch":
            schema["minProperties"] = 1
        return schema

    def field_schema(self, field, rule, manner, comment):
        value = self.value_schema(field, rule, manner)
        if field.label == field.LABEL_REPEATED:
            value = {"type": "array", "items": value}
            if rule.max_items:
                value["maxItems"] = rule.max_items
            if rule.required:
                value["minItems"] = 1
        if comment:
            value["description"] = comment
        if rule.output_only:
            value["readOnly"] = True
        return value

    def value_schema(self, field, rule, manner):
        if field.type == field.TYPE_MESSAGE:
            return self.reference(field.type_name[1:], manner)
        if field.type == field.TYPE_ENUM:
            return self.enum_reference(field.type_name[1:])
        if field.type == field.TYPE_BOOL:
            return {"type": "boolean", "examples": [rule.example == "true"]} if rule.example else {"type": "boolean"}
        if field.type == field.TYPE_BYTES:
            return {"type": "string", "contentEncoding": "base64"}
        if field.type == field.TYPE_STRING:
            return self.text_schema(rule)
        schema = {"type": "integer", "format": "int64" if "64" in descriptor_pb2.FieldDescriptorProto.Type.Name(field.type) else "int32"}
        if rule.HasField("minimum"):
            schema["minimum"] = rule.minimum
        elif descriptor_pb2.FieldDescriptorProto.Type.Name(field.type).startswith("TYPE_UINT"):
            schema["minimum"] = 0
        if rule.HasField("maximum"):
            schema["maximum"] = rule.maximum
        if rule.example:
            schema["examples"] = [int(rule.example)]
        return schema

    def text_schema(self, rule):
        if rule.raw_json:
            return {"type": ["object", "array", "string", "number", "boolean", "null"]}
        schema = {"type": "string"}
        if rule.format == "code":
            schema["pattern"] = CODE
        elif rule.format in ("date", "uuid"):
            schema["format"] = rule.format
        elif rule.format == "instant":
            schema["format"] = "date-time"
        if rule.pattern:
            schema["pattern"] = f"^(?:{rule.pattern})$"
        if rule.min_length or rule.required:
            schema["minLength"] = max(rule.min_length, 1)
        if rule.max_length:
            schema["maxLength"] = rule.max_length
        if rule.example:
            schema["examples"] = [rule.example]
        elif rule.format in EXAMPLES:
            schema["examples"] = [EXAMPLES[rule.format]]
        return schema

    # ---- operations ----

    def operation_id(self, file, method):
        others = sum(1 for f, _, m, r, _ in self.methods() if m.name == method.name and r.path)
        name = method.name if others == 1 else file.proto.package.split(".")[1].capitalize() + method.name
        return name[0].lower() + name[1:]

    def parameters(self, message, path, rule, file, message_path):
        found = []
        names = re.findall(r"{(\w+)}", path)
        for i, field in enumerate(message.field):
            field_rule = rule_of(self.options, field)
            if field.name in names:
                schema = self.field_schema(field, field_rule, "Input", "")
                where = {"name": field.name if field.name == camel(field.name) else camel(field.name), "in": "path", "required": True}
            elif rule.body == "*" or field.name == rule.body or field.type == field.TYPE_MESSAGE or field_rule.output_only \
                    or (rule.patches and field.name == "clear"):
                continue
            else:
                schema = self.field_schema(field, field_rule, "Input", "")
                where = {"name": camel(field.name), "in": "query", **({"required": True} if field_rule.required else {})}
            comment = file.comment(*message_path, 2, i)
            found.append({**where, **({"description": comment} if comment else {}), "schema": schema})
        if rule.patches:
            found.append({"$ref": "#/components/parameters/IfMatch"})
        elif rule.changes and "{" in path:
            found.append({"$ref": "#/components/parameters/IfMatchOptional"})
        if rule.changes:
            found.append({"$ref": "#/components/parameters/IdempotencyKey"})
        return found

    def body(self, message, rule):
        if rule.upload:
            form = {"type": "object", "description": "A part a file, with its name.", "additionalProperties": {"type": "string", "contentMediaType": "application/octet-stream"}}
            return {"required": True, "content": {"multipart/form-data": {"schema": form}}}
        if not rule.body:
            return None
        if rule.body == "*":
            schema = self.whole_body(message, rule)
        else:
            field = next(f for f in message.field if f.name == rule.body)
            schema = self.reference(field.type_name[1:], "Patch" if rule.patches else "Input")
        content = {"application/json": {"schema": schema}}
        if rule.patches:
            content["application/merge-patch+json"] = {"schema": schema}
        return {"required": True, "content": content}

    def whole_body(self, message, rule):
        """The request itself, less what its path says."""
        full = next(name for name, (m, _, _) in self.messages.items() if m is message)
        name = self.schema_name(full, "").removesuffix("Request") + "Body"
        schema = self.message_schema(full, "Input")
        for part in re.findall(r"{(\w+)}", rule.path):
            schema["properties"].pop(camel(part), None)
            if camel(part) in schema.get("required", []):
                schema["required"].remove(camel(part))
        if not schema.get("required"):
            schema.pop("required", None)
        self.schemas[name] = schema
        return {"$ref": f"#/components/schemas/{name}"}

    def statuses(self, rule, comment):
        found = set(ALWAYS)
        if "{" in rule.path or "NOT_FOUND" in comment:
            found.add(404)
        if rule.changes:
            found |= {409, 422}
            if "{" in rule.path:
                found.add(412)
        if "OUT_OF_RANGE" in comment:
            found.add(410)
        if rule.patches:
            found.add(428)
        if rule.body or rule.upload:
            found |= {413, 415}
        return found

    def operation(self, file, service, method, rule, comment):
        message, message_file, message_path = self.messages[method.input_type[1:]]
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", method.name)
        summary = words[0] + words[1:].lower()
        success = rule.success or 200
        answer = {"description": "Done." if rule.changes else "The answer."}
        if rule.download:
            answer["content"] = {t: {"schema": {"type": "string", "contentMediaType": t}} for t in ("application/x-tar", "application/json")}
        elif success != 204:
            answer["content"] = {"application/json": {"schema": self.reference(method.output_type[1:], "")}}
        headers = ["X-Request-Id"]
        reply = self.messages[method.output_type[1:]][0]
        if any(f.name == "version" for f in reply.field):
            headers.append("ETag")
        if rule.changes:
            headers.append("Idempotent-Replayed")
        if success in (201, 202):
            headers.append("Location")
        answer["headers"] = {h: {"$ref": f"#/components/headers/{h}"} for h in headers}
        operation = {"operationId": self.operation_id(file, method), "tags": [service.name], "summary": summary,
                     "description": over_http(comment), "security": [{"token": [rule.scope] if rule.scope else []}]}
        parameters = self.parameters(message, rule.path, rule, message_file, message_path)
        if parameters:
            operation["parameters"] = parameters
        body = self.body(message, rule)
        if body:
            operation["requestBody"] = body
        operation["responses"] = {str(success): answer, **problems(*self.statuses(rule, comment))}
        return operation

    def document(self, version):
        paths = {}
        tags = {"Platform": "What the gateway answers by itself, without a token."}
        for file, service, method, rule, comment in self.methods():
            if not rule.path:
                continue
            path = re.sub(r"{(\w+)}", lambda m: "{" + camel(m[1]) + "}", rule.path)
            paths.setdefault(path, {})[rule.verb.lower()] = self.operation(file, service, method, rule, comment)
            tags[service.name] = file.comment(12)
        paths.update(own_paths())
        self.schemas["Problem"] = PROBLEM
        return {
            "openapi": "3.1.0",
            "info": {"title": "PCN", "version": version, "summary": "The register of a health system's primary care networks, and what follows from it.",
                     "description": INTRODUCTION, "license": {"name": "MIT", "identifier": "MIT"}},
            "servers": [{"url": "/", "description": "The platform that serves this document."}],
            "tags": [{"name": name, "description": tags[name]} for name in sorted(tags)],
            "paths": dict(sorted(paths.items())),
            "components": {
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "Its roles give scopes; each operation names the one that it needs."}},
                "parameters": PARAMETERS,
                "headers": HEADERS,
                "responses": {name: problem_response(status, when) for status, (name, when) in PROBLEMS.items()},
                "schemas": dict(sorted(self.schemas.items())),
            },
        }


def over_http(comment):
    return re.sub("|".join(REFUSALS), lambda m: REFUSALS[m[0]], comment)


def problem_response(status, when):
    headers = ["X-Request-Id"] + (["Retry-After"] if status in RETRIES else [])
    return {"description": when, "headers": {h: {"$ref": f"#/components/headers/{h}"} for h in headers},
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}


PROBLEM = {
    "type": "object", "description": "RFC 9457. `detail` is for people: it may change at any time.",
    "required": ["type", "title", "status", "detail", "requestId"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "field": {"type": "string", "description": "Path in the body, or name of the query parameter or header; absent where nothing single is to blame."},
        "requestId": {"type": "string"},
        "retryAfterSeconds": {"type": "integer", "format": "int32", "minimum": 0},
    },
    "examples": [{"type": "about:blank", "title": "Bad request", "status": 400, "detail": "It cannot end before it begins", "field": "identifiers[0].to",
                  "requestId": EXAMPLES["uuid"]}],
}

INTRODUCTION = """A key that is absent means *not known*, never zero. Integers are JSON numbers, none beyond 2^53. Spans of days include both ends; without `to` they go on.
Bodies are JSON in UTF-8, at most 256 KiB; unknown keys and query parameters are refused by name. More keys may come in answers at any time.
Lists go on with `nextPageToken` as `pageToken`, under the same filters. Every change takes an `Idempotency-Key`."""


def read_set(path):
    descriptors = descriptor_pb2.FileDescriptorSet()
    with open(path, "rb") as file:
        descriptors.ParseFromString(file.read())
    return [File(f) for f in descriptors.file if f.name.startswith("pcn/") and not f.name.endswith("/options.proto")]


def write_json(path, document):
    with open(path, "w", encoding="utf-8") as out:
        json.dump(document, out, ensure_ascii=False, separators=(",", ":"))
        out.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--options", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("set")
    arguments = parser.parse_args()
    sys.path.insert(0, arguments.options)
    from pcn.common.v1 import options_pb2  # made by protoc; registers the extensions

    document = Contract(options_pb2, read_set(arguments.set)).document(arguments.version)
    write_json(arguments.out, document)


if __name__ == "__main__":
    main()
