#!/usr/bin/env python3
"""Urgent care as it is outside: a call of 111, the directory's answer, a service that accepts, a target that is missed while somebody looks, and what two
organisations that have no part in it are told.

usage: urgent.py CLONE BUILD
"""

import datetime
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from instance import Instance, await_that, equal, run  # noqa: E402

ORGANISATIONS = [
    {"code": "ics-u", "name": "System U", "kind": "ics"},
    {"code": "pcn-u1", "name": "Network One", "kind": "network", "parent": "ics-u"},
    {"code": "gp-u1", "name": "Practice One", "kind": "practice", "parent": "pcn-u1"},
    {"code": "gp-u2", "name": "Practice Two", "kind": "practice", "parent": "pcn-u1"},
    {"code": "provider-111", "name": "NHS 111 U", "kind": "provider"},
    {"code": "provider-crisis", "name": "Crisis U", "kind": "provider", "parent": "ics-u"},
]
NUMBER, BORN, NAME, REASON = "9996000257", "1941-02-03", "Wilhelmina Testcase", "Settled at home"
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
ALWAYS = {"bankHolidays": True, "weekly": [{"weekday": day, "from": "00:00", "to": "24:00"} for day in DAYS]}
# Until a breach is told, behind its instant.
TOLD_WITHIN_S = 2
LEFT_S = 3


def made(answer, status=201):
    if answer[0] != status:
        raise SystemExit("%d, not %d: %r" % (answer[0], status, answer[2]))
    return answer[2]


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Urgent:
    def __init__(self, instance):
        self.instance = instance
        self.manager = instance.token("system-manager", "ics-u")
        self.practice = instance.token("practice-clinician", "gp-u1")
        self.calls = instance.token("urgent-care", "provider-111")
        self.crisis = instance.token("urgent-care", "provider-crisis")
        self.others = [instance.token("urgent-care", organisation) for organisation in ("gp-u2", "provider-111-other")]

    def post(self, token, path, body):
        return self.instance.call(token, "POST", path, body)

    def get(self, token, path, status=200):
        return made(self.instance.call(token, "GET", path), status)

    def verb(self, token, case, verb, body, status=200):
        return made(self.post(token, "/v1/urgent-cases/%s:%s" % (case, verb), body), status)

    def organise(self):
        for organisation in ORGANISATIONS:
            made(self.post(self.manager, "/v1/organisations", organisation))

        def registered():
            answer = self.post(self.practice, "/v1/patients", {"nhsNumber": NUMBER, "name": NAME, "birthDate": BORN})
            return answer if answer[0] != 404 else None

        # Referral knows of them by the registry's events alone.
        made(await_that("the copy of the registry", registered))

        def service():
            answer = self.post(self.manager, "/v1/services", {"name": "Crisis team", "kind": "crisis-response", "provider": "provider-crisis",
                                                              "channels": ["in-person"], "hours": ALWAYS})
            return answer if answer[0] not in (404, 422) else None
        return made(await_that("the provider", service))["id"]

    def figures(self, name):
        text = run(["curl", "-sS", "--unix-socket", os.path.join(self.instance.state, "run", "referral.metrics"), "http://localhost/metrics"])
        start = name + '{disposition="crisis-response"'
        return [float(line.rsplit(" ", 1)[1]) for line in text.split("\n") if line.startswith(start)]

    def opened(self, service):
        case = made(self.post(self.calls, "/v1/urgent-cases", {"nhsNumber": NUMBER, "birthDate": BORN, "need": "fall"}))["id"]
        answer = self.verb(self.calls, case, "dispose", {"disposition": "crisis-response"})
        equal("the directory's answer", [found["id"] for found in answer["services"]], [service])
        equal("the target", (answer["urgentCase"]["targetMinutes"], answer["urgentCase"]["minutesLeft"]), (120, 120))
        equal("two hours", instant(answer["urgentCase"]["dueAt"]) - instant(answer["urgentCase"]["disposedAt"]), datetime.timedelta(hours=2))
        self.verb(self.crisis, case, "accept", {}, 404)
        self.verb(self.calls, case, "assign", {"service": service})
        self.verb(self.crisis, case, "accept", {})
        return case

    def others_see_none(self, case):
        absent = "0198c0de-0000-7000-8000-000000000000"
        for token in self.others:
            for method, path, body in (("GET", "/v1/urgent-cases/%s", None), ("POST", "/v1/urgent-cases/%s:accept", {}),
                                       ("POST", "/v1/urgent-cases/%s:close", {"outcome": "treated"}), ("POST", "/v1/urgent-cases/%s:findServices", {})):
                hidden, nowhere = (self.instance.call(token, method, path % which, body) for which in (case, absent))
                equal(path, (hidden[0], nowhere[0]), (404, 404))
            for organisation in ("provider-111", "provider-crisis"):
                equal("the board", self.get(token, "/v1/urgent-cases?organisation=" + organisation)["urgentCases"], [])

    def breach_is_seen_as_it_happens(self, case):
        # The clock is put to some seconds before its end: nobody waits for two hours.
        run(["psql", "-h", os.path.join(self.instance.state, "run"), "-U", "pcn_admin", "-d", "pcn", "-q", "-c",
             "UPDATE referral.urgent_case SET disposed_at = now() + interval '%d seconds' - interval '2 hours', due_at = now() + interval "
             "'%d seconds' WHERE id = '%s'" % (LEFT_S, LEFT_S, case)])
        before = self.get(self.calls, "/v1/urgent-cases/" + case)
        equal("not yet", (before["minutesLeft"], before["breached"]), (0, False))
        equal("not on the board of breaches", self.get(self.calls, "/v1/urgent-cases?organisation=provider-111&breached=true")["urgentCases"], [])

        def told():
            events = self.get(self.manager, "/v1/events/referral?limit=1000")["events"]
            return [event for event in events if event["type"] == "pcn.referral.urgent-case.breached"]
        events = await_that("the breach", told)
        seen = datetime.datetime.now(datetime.timezone.utc)
        late = instant(events[0]["time"]) - instant(before["dueAt"])
        equal("told in time", datetime.timedelta(0) <= late <= datetime.timedelta(seconds=TOLD_WITHIN_S), True)
        print("the breach was told %d ms behind its instant and seen after %d ms" % (late.total_seconds() * 1000,
                                                                                   (seen - instant(before["dueAt"])).total_seconds() * 1000))
        board = self.get(self.crisis, "/v1/urgent-cases?organisation=provider-crisis&breached=true")["urgentCases"]
        equal("the service's board", [(entry["id"], entry["breached"], entry["minutesLeft"] < 0) for entry in board], [(case, True, True)])
        await_that("the gauge", lambda: self.figures("pcn_urgent_cases_breached") == [1.0])
        equal("open", self.figures("pcn_urgent_cases_open"), [1.0])
        # Once.
        time.sleep(TOLD_WITHIN_S)
        equal("told once", len(told()), 1)

    def seen_at_last(self, case):
        answer = self.verb(self.crisis, case, "respond", {})
        equal("still breached", (answer["state"], answer["breached"], "minutesLeft" in answer), ("responded", True, False))
        equal("counted", self.figures("pcn_urgent_case_response_seconds_count"), [1.0])
        self.verb(self.crisis, case, "respond", {}, 409)
        self.verb(self.crisis, case, "close", {"outcome": "treated", "reason": REASON})
        await_that("the gauge", lambda: self.figures("pcn_urgent_cases_breached") == [0.0])

    def nothing_tells_of_it(self):
        texts = {"events": str(self.get(self.manager, "/v1/events/referral?limit=1000"))}
        for root, _, names in os.walk(os.path.join(os.path.realpath(self.instance.state), "log")):
            for name in names:
                with open(os.path.join(root, name), errors="replace") as log:
                    texts[name] = log.read()
        for place, text in texts.items():
            for secret in (NUMBER, NAME, BORN, REASON):
                if secret in text:
                    raise SystemExit("%r stands in %s" % (secret, place))


def check(instance):
    instance.pcn("up", "--detach", "--empty")
    urgent = Urgent(instance)
    service = urgent.organise()
    case = urgent.opened(service)
    urgent.others_see_none(case)
    urgent.breach_is_seen_as_it_happens(case)
    urgent.seen_at_last(case)
    urgent.nothing_tells_of_it()


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
