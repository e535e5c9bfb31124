#!/usr/bin/env python3
"""Booking as its users have it: a service and its week, what others see of it, two hundred who want one slot, an appointment's course, and a
daemon that dies.

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
        self.clinician = instance.token("practice-clinician", "gp-b1")
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
        service = {"name": "Surgery", "kind": "general-practice", "provider": "gp-b1", "channels": ["in-person", "telephone", "video"]}
        # Referral knows of them by the registry's events alone.
        return made(await_that("the copy of the registry", lambda: self.known(service)))["id"]

    def known(self, service):
        answer = self.post(self.network, "/v1/services", service)
        return answer if answer[0] != 404 else None

    def plan(self, service, kind, hour, restrictions=None, channel="in-person"):
        sessions = [{"weekday": d, "from": "%02d:00" % hour, "to": "%02d:00" % (hour + 1), "minutes": 10} for d in DAYS]
        body = {"service": service, "name": kind, "kind": kind, "channel": channel, "validFrom": day(-1), "bankHolidays": True,
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

    def kill(self):
        pid = next(line.split()[1] for line in self.instance.pcn("status").split("\n") if line.startswith("referral "))
        os.kill(int(pid), signal.SIGKILL)

    def what_was_answered_stays(self, winner, slot):
        """The daemon dies; the same request under its key has the same answer, and the slot is still held."""
        self.kill()
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

    def register(self):
        patient = {"nhsNumber": "9996000028", "name": "Ada Example", "birthDate": "1956-03-14"}
        return made(self.post(self.reception, "/v1/patients", patient))["id"]

    def one_of_many_books_it(self, patient):
        """From the practice and from its network; who comes second is told of free ones."""
        slot = self.slots(self.reception)["slots"][0]["id"]
        booking = {"slots": [slot], "patient": patient, "description": "Knee pain"}
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            answers = list(pool.map(lambda i: self.post(self.reception if i % 2 else self.network, "/v1/appointments", booking, "book-%d" % i),
                                    range(CLIENTS)))
        equal("one books it", sorted(answer[0] for answer in answers), [201] + [409] * (CLIENTS - 1))
        for answer in answers:
            if answer[0] == 409 and (not answer[2]["alternatives"] or any(s["id"] == slot or s["status"] != "free" for s in answer[2]["alternatives"])):
                raise SystemExit("a refusal without free alternatives: %r" % answer[2])
        winner = next(i for i, answer in enumerate(answers) if answer[0] == 201)
        self.kill()
        again = self.post(self.reception if winner % 2 else self.network, "/v1/appointments", booking, "book-%d" % winner)
        equal("the answer again", made(again), answers[winner][2])
        equal("replayed", again[1].get("Idempotent-Replayed"), "true")
        equal("booked", self.get(self.reception, "/v1/slots/" + slot)["status"], "booked")
        return again[2]

    def one_key_is_one_appointment(self, patient):
        slot = self.slots(self.reception)["slots"][0]["id"]
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            answers = list(pool.map(lambda i: self.post(self.reception, "/v1/appointments", {"slots": [slot], "patient": patient}, "one"),
                                    range(CLIENTS)))
        equal("one answer", {made(answer)["id"] for answer in answers}, {answers[0][2]["id"]})
        return answers[0][2]

    def it_takes_its_course(self, appointment, patient):
        path = "/v1/appointments/" + appointment["id"]
        equal("a stranger's look", self.instance.call(self.neighbour, "GET", path)[0], 404)
        equal("a stranger's change", self.post(self.neighbour, path + ":cancel", {"reason": "None of mine"})[0], 404)
        equal("a stranger's list", self.get(self.neighbour, "/v1/appointments?patient=" + patient)["appointments"], [])
        # Who keeps the record reads who looked, and who was refused.
        accesses = self.get(self.clinician, "/v1/patients/%s/accesses" % patient)["accesses"]
        refused = sorted({access["action"] for access in accesses if access["organisation"] == "gp-b2" and access["verdict"] == "refused"})
        equal("refused looks", refused, ["cancel-appointment", "get-appointment"])
        free = self.slots(self.reception)["slots"]
        moved = made(self.post(self.reception, path + ":reschedule", {"slots": [free[1]["id"]]}), 200)
        equal("the same", moved["id"], appointment["id"])
        equal("moved from", [former["slots"] for former in moved["former"]], [appointment["slots"]])
        equal("free again", self.get(self.reception, "/v1/slots/" + appointment["slots"][0])["status"], "free")
        local_day = moved["start"][:10]
        listed = self.get(self.reception, "/v1/appointments?organisation=gp-b1&day=" + local_day)["appointments"]
        equal("in the day's list", [a["id"] for a in listed if a["id"] == appointment["id"]], [appointment["id"]])
        hold = made(self.post(self.reception, "/v1/slots/%s:hold" % appointment["slots"][0], {}))
        equal("another's hold", self.post(self.network, path + ":reschedule", {"hold": hold["id"]})[0], 404)
        made(self.post(self.reception, path + ":reschedule", {"hold": hold["id"]}), 200)
        equal("too early", self.post(self.reception, path + ":didNotAttend", {})[0], 422)
        equal("on another day", self.post(self.reception, path + ":arrive", {})[0], 422)
        equal("not arrived", self.post(self.reception, path + ":complete", {})[0], 409)
        equal("cancelled", made(self.post(self.reception, path + ":cancel", {"reason": "Better"}), 200)["status"], "cancelled")
        equal("over", self.post(self.reception, path + ":arrive", {})[0], 409)
        events = self.get(self.manager, "/v1/events/referral?limit=1000&type=pcn.referral.appointment.")["events"]
        mine = [event for event in events if event["subject"] == "appointments/" + appointment["id"]]
        equal("its events", [event["type"].rsplit(".", 1)[1] for event in mine],
              ["booked", "rescheduled", "rescheduled", "cancelled"])
        equal("their versions", [event["data"]["version"] for event in mine], [1, 2, 3, 4])
        if "Knee" in repr(events) or "9996000028" in repr(events):
            raise SystemExit("events tell too much")

    def a_video_appointment_has_a_link(self, service, patient):
        self.plan(service, "video", 16, channel="video")
        slot = self.slots(self.reception, "&channel=video")["slots"][0]["id"]
        appointment = made(self.post(self.reception, "/v1/appointments", {"slots": [slot], "patient": patient}))
        if not appointment["joinUrl"].startswith("https://video.example/") or len(appointment["joinUrl"]) < 50:
            raise SystemExit("no link to join: %r" % appointment)
        equal("its link", self.get(self.reception, "/v1/appointments/" + appointment["id"])["joinUrl"], appointment["joinUrl"])
        if "video.example" in repr(self.get(self.manager, "/v1/events/referral?limit=1000")):
            raise SystemExit("events tell the link")


def check(instance):
    instance.pcn("up", "--detach", "--empty")
    booking = Booking(instance)
    service = booking.organise()
    booking.everybody_sees_what_is_theirs(service)
    booking.a_move_is_followed()
    winner, slot = booking.one_of_many_gets_it()
    hold = booking.what_was_answered_stays(winner, slot)
    patient = booking.register()
    appointment = booking.one_of_many_books_it(patient)
    booking.one_key_is_one_appointment(patient)
    booking.it_takes_its_course(appointment, patient)
    booking.a_video_appointment_has_a_link(service, patient)
    booking.the_log_is_whole(hold)


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    instance = Instance(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]),
                        PCN_REFERRAL_VIDEO_URL="https://video.example/{token}")
    try:
        check(instance)
    finally:
        instance.end()


if __name__ == "__main__":
    main()
