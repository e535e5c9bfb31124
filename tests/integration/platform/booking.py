#!/usr/bin/env python3
"""Booking as its users have it: a service and its week, what others see of it, two hundred who want one slot, and a daemon that dies.

usage: booking.py CLONE BUILD
"""

import concurrent.futures
import datetime
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from instance import Instance, await_that, equal  # noqa: E402

CLIENTS = 200
ORGANISATIONS = [
    {"code": "ics-b", "name": "System B", "kind": "ics"},
    {"code": "ccg-b", "name": "Commissioner B", "kind": "ccg", "parent": "ics-b"},
    {"code": "pcn-b1", "name": "Network One", "kind": "network", "parent": "ccg-b"},
    {"code": "pcn-b2", "name": "Network Two", "kind": "network", "parent": "ccg-b"},
    {"code": "gp-b1", "name": "Practice One", "kind": "practice", "parent": "pcn-b1"},
    {"code": "gp-b2", "name": "Practice Two", "kind": "practice", "parent": "ccg-b"},
    {"code": "provider-b", "name": "Urgent Care B", "kind": "provider", "parent": "ics-b"},
]
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def made(answer, status=201):
    if answer[0] != status:
        raise SystemExit("%d, not %d: %r" % (answer[0], status, answer[2]))
    return answer[2]


def day(ahead):
    return (datetime.date.today() + datetime.timedelta(days=ahead)).isoformat()


class Booking:
    def __init__(self, instance):
        self.instance = instance
        self.manager = instance.token("system-manager", "ics-b")
        self.network = instance.token("network-manager", "pcn-b1")
        self.reception = instance.token("practice-reception", "gp-b1")
        self.neighbour = instance.token("practice-reception", "gp-b2")
        self.urgent = instance.token("urgent-care", "provider-b")

    def post(self, token, path, body, key=None):
        return self.instance.call(token, "POST", path, body, key)

    def get(self, token, path):
        return made(self.instance.call(token, "GET", path), 200)

    def slots(self, token, rest=""):
        return self.get(token, "/v1/slots?organisation=gp-b1&from=%s&to=%s&pageSize=1000%s" % (day(1), day(7), rest))

    def organise(self):
        for organisation in ORGANISATIONS:
            made(self.post(self.manager, "/v1/organisations", organisation))
        service = {"name": "Surgery", "kind": "general-practice", "provider": "gp-b1", "channels": ["in-person", "telephone"]}
        # Referral knows of them by the registry's events alone.
        return made(await_that("the copy of the registry", lambda: self.known(service)))["id"]

    def known(self, service):
        answer = self.post(self.network, "/v1/services", service)
        return answer if answer[0] != 404 else None

    def plan(self, service, kind, hour, restrictions=None):
        sessions = [{"weekday": d, "from": "%02d:00" % hour, "to": "%02d:00" % (hour + 1), "minutes": 10} for d in DAYS]
        body = {"service": service, "name": kind, "kind": kind, "channel": "in-person", "validFrom": day(-1), "bankHolidays": True,
                "sessions": sessions}
        if restrictions:
            body["restrictions"] = restrictions
        return made(self.post(self.reception, "/v1/schedule-templates", body))

    def everybody_sees_what_is_theirs(self, service):
        self.plan(service, "core", 9)
        self.plan(service, "reserved-111", 12, {"organisationTypes": ["urgent-care"]})
        self.plan(service, "extended-access", 14, {"organisations": ["pcn-b1"]})
        equal("the practice's own", len(self.slots(self.reception)["slots"]), 84)
        equal("a neighbour's", len(self.slots(self.neighbour)["slots"]), 42)
        equal("urgent care's", len(self.slots(self.urgent)["slots"]), 84)
        explained = self.slots(self.neighbour, "&explain=true")
        equal("seen with reasons", len(explained["slots"]), 42)
        equal("hidden", sorted({reason["code"] for slot in explained["hidden"] for reason in slot["reasons"]}),
              ["organisation", "organisation-type"])

    def a_move_is_followed(self):
        """A practice that joins the network sees what is kept for it."""
        made(self.post(self.manager, "/v1/networks/pcn-b1/members", {"practice": "gp-b2", "from": day(0)}))
        await_that("the move", lambda: len(self.slots(self.neighbour)["slots"]) == 84)

    def one_of_many_gets_it(self):
        slot = self.slots(self.reception)["slots"][0]["id"]
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            answers = list(pool.map(lambda i: self.post(self.reception if i % 2 else self.neighbour, "/v1/slots/%s:hold" % slot, {}, "hold-%d" % i),
                                    range(CLIENTS)))
        equal("one holds it", sorted(answer[0] for answer in answers), [201] + [409] * (CLIENTS - 1))
        for answer in answers:
            if answer[0] == 409 and (not answer[2]["alternatives"] or any(s["id"] == slot or s["status"] != "free" for s in answer[2]["alternatives"])):
                raise SystemExit("a refusal without free alternatives: %r" % answer[2])
        return next(i for i, answer in enumerate(answers) if answer[0] == 201), slot

    def what_was_answered_stays(self, winner, slot):
        """The daemon dies; the same request under its key has the same answer, and the slot is still held."""
        pid = next(line.split()[1] for line in self.instance.pcn("status").split("\n") if line.startswith("referral "))
        os.kill(int(pid), signal.SIGKILL)
        again = self.post(self.reception if winner % 2 else self.neighbour, "/v1/slots/%s:hold" % slot, {}, "hold-%d" % winner)
        hold = made(again)
        equal("replayed", again[1].get("Idempotent-Replayed"), "true")
        equal("held", self.get(self.reception, "/v1/slots/" + slot)["status"], "held")
        return hold

    def the_log_is_whole(self, hold):
        events = self.get(self.manager, "/v1/events/referral?limit=1000")["events"]
        equal("sequences", [event["sequence"] for event in events], list(range(1, len(events) + 1)))
        equal("one event of the hold", [event["type"] for event in events if event["subject"] == "holds/" + hold["id"]],
              ["pcn.referral.hold.created"])
        made(self.post(self.reception, "/v1/holds/%s:release" % hold["id"], {}) if hold["organisation"] == "gp-b1" else
             self.post(self.neighbour, "/v1/holds/%s:release" % hold["id"], {}), 200)


def check(instance):
    instance.pcn("up", "--detach", "--empty")
    booking = Booking(instance)
    booking.everybody_sees_what_is_theirs(booking.organise())
    booking.a_move_is_followed()
    winner, slot = booking.one_of_many_gets_it()
    booking.the_log_is_whole(booking.what_was_answered_stays(winner, slot))


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
