#!/usr/bin/env python3
"""Writes asyncapi.json (AsyncAPI 3.0): the change events that each service of the contract declares, over ZeroMQ and as a stream over HTTP.

    pcn_asyncapi.py --options DIR --version TEXT --out FILE SET
"""
import argparse
import sys

from pcn_openapi import Contract, read_set, service_name, write_json

ZEROMQ = """Each daemon publishes on a PUB socket, two frames a message: the topic, which is the channel's address, and an Event (pcn.events.v1, protobuf).
CURVE with an enrolled key. PUB is the fast path and may drop; the log is the truth: a gap in `sequence` is read by Events/Read. docs/events.md has the rules."""
HTTP = """The same events as JSON: pages, GET /v1/events/{service}, and live, GET /v1/events/stream (Server-Sent Events, resumed by Last-Event-ID)."""


def ref(*parts):
    return {"$ref": "#/" + "/".join(p.replace("~", "~0").replace("/", "~1") for p in parts)}


def envelope(contract, event, payload):
    """An Event whose type and data are known."""
    base = contract.message_schema("pcn.events.v1.Event", "")
    schema = {**base, "properties": dict(base["properties"]), "required": ["specversion", "id", "source", "type", "subject", "time", "sequence", "datacontenttype", "data"]}
    schema["properties"]["specversion"] = {"type": "string", "const": "1.0"}
    schema["properties"]["type"] = {"type": "string", "const": event.type}
    schema["properties"]["datacontenttype"] = {"type": "string", "const": "application/json"}
    schema["properties"]["data"] = payload
    return schema


def document(options_pb2, files, version):
    contract = Contract(options_pb2, files)
    channels, operations, messages = {}, {}, {}
    for file in files:
        for _, service, path in file.services():
            for event in service.options.Extensions[options_pb2.event]:
                name = "".join(part.capitalize() for part in event.type.removeprefix("pcn.").replace("-", ".").split("."))
                payloads = [contract.reference(full, "") for full in event.data]
                messages[name] = {"name": event.type, "title": event.type, "summary": event.when, "contentType": "application/cloudevents+json",
                                  "payload": envelope(contract, event, payloads[0] if len(payloads) == 1 else {"anyOf": payloads})}
                parameters = [p[1:-1] for p in event.subject.split("/") if p.startswith("{")]
                channels[name] = {"address": f"{event.type}/{event.subject}", "title": event.type, "description": event.when,
                                  "parameters": {p: {"description": "The resource's code."} for p in parameters},
                                  "servers": [ref("servers", service_name(file.proto.package))],
                                  "messages": {name: ref("components", "messages", name)}}
                operations["on" + name] = {"action": "send", "channel": ref("channels", name), "summary": event.when,
                                           "messages": [ref("channels", name, "messages", name)]}
    services = sorted({service_name(file.proto.package) for file in files for _, s, _ in file.services() if s.options.Extensions[options_pb2.event]})
    for service in services:
        key = service.capitalize() + "Heartbeat"
        messages[key] = {"name": f"pcn.{service}.heartbeat", "title": "Heartbeat", "summary": "Sent while nothing else is, once a second: how far the log is.",
                         "contentType": "application/x-protobuf", "payload": contract.reference("pcn.events.v1.Heartbeat", "")}
        channels[key] = {"address": f"pcn.{service}.heartbeat", "title": "Heartbeat", "servers": [ref("servers", service)],
                         "messages": {key: ref("components", "messages", key)}}
        operations["on" + key] = {"action": "send", "channel": ref("channels", key), "messages": [ref("channels", key, "messages", key)]}
    return {
        "asyncapi": "3.0.0",
        "id": "urn:pcn:events",
        "info": {"title": "PCN change events", "version": version, "description": f"{ZEROMQ}\n\n{HTTP}", "license": {"name": "MIT"}},
        "defaultContentType": "application/cloudevents+json",
        "servers": {service: {"host": f"localhost:{7102 + 10 * i}", "protocol": "zmtp", "protocolVersion": "3.1",
                              "description": f"The PUB socket of pcn-{service}; the port is the deployment's."} for i, service in enumerate(services)},
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": dict(sorted(contract.schemas.items()))},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--options", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("set")
    arguments = parser.parse_args()
    sys.path.insert(0, arguments.options)
    from pcn.common.v1 import options_pb2  # made by protoc; registers the extensions

    write_json(arguments.out, document(options_pb2, read_set(arguments.set), arguments.version))


if __name__ == "__main__":
    main()
