#!/usr/bin/env python3
"""Patients' privacy as it is outside: two practices, urgent care, a transfer, who looked, and what no log, event or trail may hold.

usage: patients.py CLONE BUILD
"""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from instance import Instance, await_that, equal  # noqa: E402

ORGANISATIONS = [
    {"code": "ics-p", "name": "System P", "kind": "ics"},
    {"code": "pcn-p1", "name": "Network One", "kind": "network", "parent": "ics-p"},
    {"code": "pcn-p2", "name": "Network Two", "kind": "network", "parent": "ics-p"},
    {"code": "gp-p1", "name": "Practice One", "kind": "practice", "parent": "pcn-p1"},
    {"code": "gp-p2", "name": "Practice Two", "kind": "practice", "parent": "pcn-p2"},
    {"code": "provider-p", "name": "Urgent Care P", "kind": "provider", "parent": "ics-p"},
]
NUMBER, OTHER, BORN = "9996000265", "9996000273", "1949-05-23"
NAME, REASON = "Wilhelmina Testcase", "Unconscious at the roadside"
# What must never be found outside of the patient's own rows and of answers to who may see them.
IDENTITY = [NUMBER, OTHER, NAME, "Testcase", BORN, REASON]


def made(answer, status=201):
    if answer[0] != status:
        raise SystemExit("%d, not %d: %r" % (answer[0], status, answer[2]))
    return answer[2]


class Privacy:
    def __init__(self, instance):
        self.instance = instance
        self.manager = instance.token("system-manager", "ics-p")
        self.auditor = instance.token("auditor", "ics-p")
        self.one = instance.token("practice-clinician", "gp-p1")
        self.two = instance.token("practice-clinician", "gp-p2")
        self.hub = instance.token("network-manager", "pcn-p1")
        self.urgent = instance.token("urgent-care", "provider-p")

    def post(self, token, path, body):
        return self.instance.call(token, "POST", path, body)

    def get(self, token, path, status=200):
        return made(self.instance.call(token, "GET", path), status)

    def find(self, token, number=NUMBER):
        return [patient["id"] for patient in made(self.post(token, "/v1/patients:find", {"nhsNumber": number}), 200)["patients"]]

    def register(self, token, number=NUMBER):
        return self.post(token, "/v1/patients", {"nhsNumber": number, "name": NAME, "birthDate": BORN})

    def organise(self):
        for organisation in ORGANISATIONS:
            made(self.post(self.manager, "/v1/organisations", organisation))

        def known(token):
            answer = self.register(token)
            return answer if answer[0] != 404 else None

        # Referral knows of them by the registry's events alone.
        return made(await_that("the copy of the registry", lambda: known(self.one)))["id"]

    def numbers_are_checked(self):
        for number in ("4857773456", "0000000000", "999600026", "99960002655", "999 600 0265"):
            for path, body in (("/v1/patients", {"nhsNumber": number, "name": NAME, "birthDate": BORN}), ("/v1/patients:find", {"nhsNumber": number}),
                               ("/v1/urgent-cases", {"nhsNumber": number, "birthDate": BORN})):
                answer = self.post(self.urgent if "urgent" in path else self.one, path, body)
                equal("refused", (answer[0], answer[2]["field"]), (400, "nhsNumber"))
                equal("not repeated", number in str(answer[2]), False)

    def out_of_reach_is_not_there(self, patient):
        """On every path: what practice one has, practice two cannot tell from what is nowhere."""
        absent = "0198c0de-0000-7000-8000-000000000000"
        looks = [("GET", "/v1/patients/%s", None), ("GET", "/v1/patients/%s/accesses", None), ("GET", "/v1/patients/%s/export", None),
                 ("POST", "/v1/patients/%s:recordDeath", {"on": "2020-01-01"}), ("POST", "/v1/patients/%s:deregister", {}),
                 ("POST", "/v1/patients/%s:setSensitive", {"sensitive": True}), ("POST", "/v1/patients/%s:withdrawDeath", {}),
                 ("POST", "/v1/patients/%s:merge", {"into": absent[:-1] + "1"})]
        for method, path, body in looks:
            hidden, nowhere = (self.instance.call(self.two, method, path % which, body) for which in (patient, absent))
            for answer in (hidden, nowhere):
                answer[2].pop("requestId")
                answer[2].pop("instance", None)
            equal(path, hidden[0], 404)
            equal(path, hidden[2], nowhere[2])
        equal("found by one", self.find(self.one), [patient])
        equal("found by the hub", self.find(self.hub), [patient])
        equal("found by two", self.find(self.two), [])
        equal("found by urgent care", self.find(self.urgent), [])
        equal("notices", self.instance.call(self.two, "GET", "/v1/notices?practice=gp-p1")[0], 404)
        equal("reviews", self.instance.call(self.two, "GET", "/v1/break-glass?practice=gp-p1")[0], 404)
        equal("no scope", self.instance.call(self.manager, "GET", "/v1/patients/" + patient)[0], 403)

    def urgent_care_sees_whose_case_it_is(self, patient):
        self.get(self.urgent, "/v1/patients/" + patient, 404)
        equal("another birth date", self.post(self.urgent, "/v1/urgent-cases", {"nhsNumber": NUMBER, "birthDate": "1949-05-24"})[0], 404)
        case = made(self.post(self.urgent, "/v1/urgent-cases", {"nhsNumber": NUMBER, "birthDate": BORN, "need": "chest-pain"}))
        equal("whose case", case["patient"], patient)
        equal("seen", self.get(self.urgent, "/v1/patients/" + patient)["nhsNumber"], NUMBER)
        made(self.post(self.one, "/v1/patients/%s:setSensitive" % patient, {"sensitive": True}), 200)
        self.get(self.urgent, "/v1/patients/" + patient, 404)
        self.get(self.hub, "/v1/patients/" + patient, 404)
        glass = made(self.post(self.urgent, "/v1/patients/%s:breakGlass" % patient, {"reason": REASON}))
        equal("seen", self.get(self.urgent, "/v1/patients/" + patient)["name"], NAME)
        alert = self.get(self.one, "/v1/notices?practice=gp-p1")["notices"][-1]
        equal("the alert", (alert["kind"], alert["breakGlass"]), ("break-glass", glass["id"]))
        equal("to be reviewed", [g["id"] for g in self.get(self.one, "/v1/break-glass?practice=gp-p1&open=true")["breakGlass"]], [glass["id"]])
        made(self.post(self.one, "/v1/break-glass/%s:review" % glass["id"], {"justified": True}), 200)
        equal("reviewed", self.get(self.one, "/v1/break-glass?practice=gp-p1&open=true")["breakGlass"], [])
        made(self.post(self.one, "/v1/patients/%s:setSensitive" % patient, {"sensitive": False}), 200)

    def who_looked_is_told(self, patient):
        accesses = self.get(self.one, "/v1/patients/%s/accesses?pageSize=1000" % patient)["accesses"]
        told = {(a["organisation"], a["action"], a["verdict"]) for a in accesses}
        for expected in (("ics-p", "get-patient", "refused"), ("gp-p2", "get-patient", "refused"), ("gp-p2", "find-patients", "refused"), ("gp-p2", "record-death", "refused"),
                         ("provider-p", "create-urgent-case", "refused"), ("provider-p", "get-patient", "allowed"),
                         ("provider-p", "break-the-glass", "allowed"), ("pcn-p1", "find-patients", "allowed")):
            if expected not in told:
                raise SystemExit("not told: %r in %r" % (expected, sorted(told)))

    def a_transfer_says_nothing(self, patient):
        moved = made(self.register(self.two))
        equal("the same record", moved["id"], patient)
        accesses = self.get(self.two, "/v1/patients/%s/accesses" % patient)
        export = self.get(self.two, "/v1/patients/%s/export" % patient)
        for what in (moved, self.get(self.two, "/v1/patients/" + patient), accesses, export):
            equal("says where it was", "gp-p1" in str(what) or "pcn-p1" in str(what), False)
        self.get(self.one, "/v1/patients/" + patient, 404)
        equal("found no more", self.find(self.one), [])
        notice = self.get(self.one, "/v1/notices?practice=gp-p1")["notices"][-1]
        equal("told", (notice["kind"], notice["patient"]), ("patient-left", patient))
        equal("says where it went", "gp-p2" in str(notice), False)

    def a_change_needs_the_version(self):
        patient = made(self.register(self.two, OTHER))
        path = "/v1/patients/" + patient["id"]
        equal("without If-Match", self.instance.call(self.two, "PATCH", path, {"name": NAME + " B"})[0], 428)
        equal("number again", self.register(self.two, OTHER)[0], 409)

    def trail(self):
        entries = self.get(self.auditor, "/v1/audit/referral?limit=1000")
        return entries if len(entries["entries"]) >= 30 else None

    def nothing_tells_of_it(self):
        events = self.get(self.manager, "/v1/events/referral?limit=1000")
        equal("enough events", len(events["events"]) >= 8, True)
        # Entries are chained some time after the answer.
        entries = await_that("the trail", self.trail)
        texts = {"events": str(events), "trail": str(entries)}
        for root, _, names in os.walk(os.path.join(os.path.realpath(self.instance.state), "log")):
            for name in names:
                with open(os.path.join(root, name), errors="replace") as log:
                    texts[name] = log.read()
        for place, text in texts.items():
            for secret in IDENTITY:
                if secret in text:
                    raise SystemExit("%r stands in %s" % (secret, place))


def check(instance):
    instance.pcn("up", "--detach", "--empty")
    privacy = Privacy(instance)
    patient = privacy.organise()
    privacy.numbers_are_checked()
    privacy.out_of_reach_is_not_there(patient)
    privacy.urgent_care_sees_whose_case_it_is(patient)
    privacy.who_looked_is_told(patient)
    privacy.a_transfer_says_nothing(patient)
    privacy.a_change_needs_the_version()
    privacy.nothing_tells_of_it()


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    instance = Instance(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
    try:
        check(instance)
    finally:
        instance.end()


if __name__ == "__main__":
    main()
