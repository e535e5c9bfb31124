#!/usr/bin/env python3
"""Who has no part in a patient's care asks on every path about something of theirs: another practice, its network, a provider who was not asked. By the
published contract: an operation that is added is tried by itself, and a resource that is added needs an entry in MADE or ELSEWHERE.

usage: strangers.py CLONE BUILD
"""

import collections
import datetime
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from instance import Instance, await_that, equal  # noqa: E402

ORGANISATIONS = [
    {"code": "ics-s", "name": "System S", "kind": "ics"},
    {"code": "pcn-s1", "name": "Network One", "kind": "network", "parent": "ics-s"},
    {"code": "pcn-s2", "name": "Network Two", "kind": "network", "parent": "ics-s"},
    {"code": "gp-s1", "name": "Practice One", "kind": "practice", "parent": "pcn-s1"},
    {"code": "gp-s2", "name": "Practice Two", "kind": "practice", "parent": "pcn-s2"},
    {"code": "provider-s", "name": "Provider S", "kind": "provider", "parent": "ics-s"},
    {"code": "provider-other", "name": "Provider who was not asked", "kind": "provider", "parent": "ics-s"},
]
NUMBER, BORN, NAME = "9996000265", "1949-05-23", "Wilhelmina Testcase"
ABSENT = "0198c0de-0000-7000-8000-000000000000"
WRITTEN = "About the xanthelasma"
# All roles that may do something with a patient's things, where the patient is not known.
STRANGERS = [("practice-clinician", "gp-s2"), ("practice-reception", "gp-s2"), ("referral-triage", "gp-s2"), ("urgent-care", "gp-s2"),
             ("link-worker", "gp-s2"), ("link-worker", "pcn-s2"), ("network-manager", "pcn-s2"), ("referral-triage", "provider-other"),
             ("urgent-care", "provider-other")]
# Resources with an id that are about nobody.
NOBODYS = {"services", "schedule-templates", "slots", "holds", "link-worker-alignments"}
# Tried by another test in the same way.
ELSEWHERE = {"appointments": "referral/test_appointment_access.c", "waiting-entries": "referral/test_waiting.c", "break-glass": "patients.py",
             "signpostings": "referral/test_signposting.c"}

# Whoever breaks the glass is a stranger: patients.py.
FOR_STRANGERS = {"/v1/patients/{id}:breakGlass"}


def made(answer, status=201):
    if answer[0] != status:
        raise SystemExit("%d, not %d: %r" % (answer[0], status, answer[2]))
    return answer[2]


class Contract:
    """The published document: operations, and bodies that their rules allow."""

    def __init__(self, path):
        with open(path) as file:
            self.document = json.load(file)

    def operations(self):
        """(method, path, operation) of referral."""
        for path, methods in sorted(self.document["paths"].items()):
            for method, operation in sorted(methods.items()):
                if "Referral" in operation.get("tags", []):
                    yield method.upper(), path, operation

    def resolved(self, schema):
        while "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            schema = self.document["components"]["schemas"][name]
        return schema

    def value(self, schema):
        schema = self.resolved(schema)
        if "examples" in schema:
            return schema["examples"][0]
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("type") == "array":
            return [self.value(schema["items"])]
        if schema.get("type") == "object":
            properties = schema.get("properties", {})
            return {name: self.value(properties[name]) for name in schema.get("required", [])}
        if schema.get("type") in ("integer", "number"):
            return max(1, schema.get("minimum", 1))
        return True if schema.get("type") == "boolean" else "Text"

    def body_schema(self, operation):
        content = operation.get("requestBody", {}).get("content", {})
        return self.resolved(content["application/json"]["schema"]) if "application/json" in content else None

    def body(self, method, operation):
        schema = self.body_schema(operation)
        if schema is None:
            return None
        body = self.value(schema)
        # What changes nothing would be refused for that alone.
        if method == "PATCH":
            name = next(name for name, of in schema["properties"].items() if "examples" in self.resolved(of))
            body[name] = self.value(schema["properties"][name])
        return body


class Strangers:
    def __init__(self, instance, contract):
        self.instance, self.contract = instance, contract
        self.manager = instance.token("system-manager", "ics-s")
        self.one = instance.token("practice-clinician", "gp-s1")
        self.urgent = instance.token("urgent-care", "provider-s")
        self.strangers = [(role, organisation, instance.token(role, organisation)) for role, organisation in STRANGERS]
        self.patient = None
        self.things = collections.defaultdict(list)
        self.refused = collections.Counter()

    def post(self, token, path, body, status=201):
        return made(self.instance.call(token, "POST", path, body), status)

    def organise(self):
        for organisation in ORGANISATIONS:
            self.post(self.manager, "/v1/organisations", organisation)

        def known(token, path, body):
            answer = self.instance.call(token, "POST", path, body)
            return answer if answer[0] not in (404, 422) else None

        # Referral knows of them by the registry's events alone.
        person = {"nhsNumber": NUMBER, "name": NAME, "birthDate": BORN}
        service = {"name": "Clinic", "kind": "specialist-clinic", "specialty": "dermatology", "provider": "provider-s",
                   "channels": ["in-person", "online-message"]}
        self.patient = made(await_that("the practice", lambda: known(self.one, "/v1/patients", person)))["id"]
        return made(await_that("the provider", lambda: known(self.manager, "/v1/services", service)))["id"]

    def make(self, service):
        """Of everything that a patient may have one at least, as practice one and whom it asks make it."""
        def add(resource, token, body):
            self.things[resource].append(self.post(token, "/v1/" + resource, body)["id"])
            return self.things[resource][-1]

        self.things["patients"].append(self.patient)
        need = {"patient": self.patient, "specialty": "dermatology", "priority": "routine", "reason": WRITTEN}
        add("referrals", self.one, need)
        sent = add("referrals", self.one, dict(need, service=service))
        self.post(self.one, "/v1/referrals/%s:submit" % sent, {}, 200)
        add("advice-requests", self.one, {"patient": self.patient, "service": service, "specialty": "dermatology", "question": WRITTEN,
                                          "mayConvert": True})
        add("social-prescriptions", self.one, {"patient": self.patient, "needs": ["loneliness"], "reason": WRITTEN, "organisation": "pcn-s1"})
        add("shifted-work", self.one, {"provider": "provider-s", "theme": "fit-note", "happenedOn": datetime.date.today().isoformat(),
                                       "description": WRITTEN, "patient": self.patient})
        add("urgent-cases", self.urgent, {"nhsNumber": NUMBER, "birthDate": BORN, "need": "fall"})
        add("online-consultations", self.one, {"patient": self.patient, "service": service,
                                               "answers": [{"question": "symptom", "answer": WRITTEN}]})

    def owners(self):
        """What those who made them see: it is there, and stays as it was."""
        return {(resource, thing): made(self.instance.call(self.urgent if resource == "urgent-cases" else self.one, "GET",
                                                           "/v1/%s/%s" % (resource, thing)), 200)
                for resource, things in self.things.items() for thing in things}

    def ask(self, token, method, which, path, body):
        """But for the id that was asked for."""
        status, _, answer = self.instance.call(token, method, path, body, match='"1"' if method == "PATCH" else None)
        for name in ("requestId", "instance"):
            answer.pop(name, None)
        return status, json.dumps(answer, sort_keys=True).replace(which, "ID")

    def try_alike(self, what, organisation, token, method, hidden, nowhere):
        """Both are (id, path, body). The stranger cannot tell them from each other; whether it was let as far as to look."""
        found, absent = (self.ask(token, method, *asked) for asked in (hidden, nowhere))
        equal("%s by %s" % (what, organisation), found, absent)
        # A refusal for want of a scope is about somebody only where the path names them.
        self.refused[organisation] += found[0] == 404 or (found[0] == 403 and hidden[1].startswith("/v1/patients/"))
        return found[0] == 404

    def every_path_of_a_thing(self):
        tried = 0
        for method, path, operation in self.contract.operations():
            resource = path.split("/")[2]
            if "/{id}" not in path or path in FOR_STRANGERS or resource in NOBODYS or resource in ELSEWHERE:
                continue
            if resource not in self.things:
                raise SystemExit("%s is about a patient's thing that this test does not make" % path)
            body = self.contract.body(method, operation)
            looked = 0
            for thing in self.things[resource]:
                for role, organisation, token in self.strangers:
                    hidden, nowhere = ((which, path.replace("{id}", which), body) for which in (thing, ABSENT))
                    looked += self.try_alike("%s %s as %s" % (method, path, role), organisation, token, method, hidden, nowhere)
            if looked == 0:
                raise SystemExit("%s %s: no stranger came as far as a 404 with %r" % (method, path, body))
            tried += 1
        return tried

    def every_path_that_begins_something(self):
        """For a patient of others."""
        tried = 0
        for method, path, operation in self.contract.operations():
            schema = self.contract.body_schema(operation)
            patient = schema["properties"].get("patient", {"readOnly": True}) if method == "POST" and schema is not None else {"readOnly": True}
            if "{" in path or path.split("/")[2] in ELSEWHERE or patient.get("readOnly"):
                continue
            body = self.contract.value(schema)
            looked = 0
            for role, organisation, token in self.strangers:
                hidden, nowhere = ((which, path, dict(body, patient=which)) for which in (self.patient, ABSENT))
                looked += self.try_alike("POST %s as %s" % (path, role), organisation, token, method, hidden, nowhere)
            if looked == 0:
                raise SystemExit("POST %s: no stranger came as far as a 404 with %r" % (path, body))
            tried += 1
        return tried

    def every_list(self):
        """By patient, and by whoever may have part in it: nothing of the patient's is in it."""
        ids = [self.patient] + [thing for things in self.things.values() for thing in things]
        whose = {"patient": [self.patient], "organisation": ["gp-s1", "provider-s", "pcn-s1"], "queue": ["gp-s1", "pcn-s1", "provider-s"],
                 "practice": ["gp-s1"], "provider": ["provider-s"]}
        tried = 0
        for method, path, operation in self.contract.operations():
            names = [parameter.get("name") for parameter in operation.get("parameters", []) if parameter.get("in") == "query"]
            if method != "GET" or "{" in path:
                continue
            for name in set(names) & set(whose):
                for value in whose[name]:
                    for role, organisation, token in self.strangers:
                        status, _, answer = self.instance.call(token, "GET", "%s?%s=%s" % (path, name, value))
                        answer.pop("instance", None)
                        text = json.dumps(answer)
                        for secret in ids + [WRITTEN, NUMBER, NAME]:
                            if secret in text:
                                raise SystemExit("%s?%s=%s as %s of %s: %d tells %s" % (path, name, value, role, organisation, status, secret))
                        tried += status == 200
        return tried

    def who_tried_is_told(self):
        """Each look that was refused is in what the practice is told of who looked at its patient."""
        told, token = collections.Counter(), ""
        while token is not None:
            page = made(self.instance.call(self.one, "GET", "/v1/patients/%s/accesses?pageSize=1000%s" % (self.patient, token)), 200)
            told.update(access["organisation"] for access in page["accesses"] if access["verdict"] == "refused")
            token = "&pageToken=" + page["nextPageToken"] if "nextPageToken" in page else None
        equal("told refusals", {organisation: told[organisation] for organisation in self.refused}, dict(self.refused))


def check(instance, contract):
    instance.pcn("up", "--detach", "--empty")
    strangers = Strangers(instance, contract)
    strangers.make(strangers.organise())
    before = strangers.owners()
    things, begun, lists = strangers.every_path_of_a_thing(), strangers.every_path_that_begins_something(), strangers.every_list()
    print("%d operations on things, %d that begin one, %d lists were answered; %d looks refused" % (things, begun, lists,
                                                                                                  sum(strangers.refused.values())))
    if things < 40 or begun < 4 or lists < 20:
        raise SystemExit("that is not all of the contract")
    equal("nothing has changed", strangers.owners(), before)
    strangers.who_tried_is_told()


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    clone, build = (os.path.abspath(argument) for argument in sys.argv[1:])
    instance = Instance(clone, build)
    try:
        check(instance, Contract(os.path.join(build, "pcn_proto", "openapi.json")))
    finally:
        instance.end()


if __name__ == "__main__":
    main()
