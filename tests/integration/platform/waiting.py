#!/usr/bin/env python3
"""The waiting list and online consultations over HTTP, while the daemon that keeps them dies again and again: what became free is offered once, in
the order of entry, and to one at a time; what an offer books is booked once.

usage: waiting.py CLONE BUILD
"""

import os
import signal
import sys

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support")]
from booking import Booking, made  # noqa: E402
from instance import Instance, await_that, equal  # noqa: E402

NUMBERS = ["9996000028", "9996000036", "9996000044"]
ROUNDS = 6


class Waiting(Booking):
    def patients(self):
        return [made(self.post(self.reception, "/v1/patients", {"nhsNumber": number, "name": "Wanda Quill", "birthDate": "1956-03-14"}))["id"]
                for number in NUMBERS]

    def wait_for(self, patient, service):
        return made(self.post(self.reception, "/v1/waiting-entries", {"patient": patient, "service": service}))["id"]

    def entry(self, entry):
        return self.get(self.reception, "/v1/waiting-entries/" + entry)

    def become_free(self, patient, slot):
        booked = made(self.post(self.reception, "/v1/appointments", {"slots": [slot], "patient": patient}))
        made(self.post(self.reception, "/v1/appointments/%s:cancel" % booked["id"], {"reason": "Better"}), 200)

    def offered(self, entry, slot):
        found = await_that("the offer", lambda: self.offer_of(entry))
        equal("the slot of the offer", found["slot"], slot)
        equal("the slot", self.get(self.reception, "/v1/slots/" + slot)["status"], "held")
        return found

    def offer_of(self, entry):
        found = self.entry(entry)
        return found.get("offer") if found["status"] == "offered" else None

    def offers_survive(self, patients, entries, slots):
        """The daemon dies right after each slot became free, and right after each answer: the next in order has the offer all the same."""
        first, second, third = entries
        for slot, entry in zip(slots, entries):
            self.become_free(patients[0], slot)
            self.kill()
            self.offered(entry, slot)
        # What the first lets go has nobody left who could take it but those who have an offer already.
        made(self.post(self.reception, "/v1/waiting-entries/%s:decline" % first, {}, "decline"), 200)
        self.kill()
        made(self.post(self.reception, "/v1/waiting-entries/%s:decline" % first, {}, "decline"), 200)
        equal("its place", self.entry(first)["place"], 1)
        equal("free for all", self.get(self.reception, "/v1/slots/" + slots[0])["status"], "free")
        # The second declines as well: the first is offered that, not the third, who has one.
        made(self.post(self.reception, "/v1/waiting-entries/%s:decline" % second, {}), 200)
        self.kill()
        self.offered(first, slots[1])
        self.offered(second, slots[0])
        equal("the third's", self.offer_of(third)["slot"], slots[2])

    def an_offer_is_booked_once(self, patients, entries):
        booking = {"waitingEntry": entries[1], "patient": patients[1]}
        booked = made(self.post(self.reception, "/v1/appointments", booking, "from-offer"))
        self.kill()
        equal("the answer again", made(self.post(self.reception, "/v1/appointments", booking, "from-offer")), booked)
        equal("settled", self.entry(entries[1])["appointment"], booked["id"])
        equal("another key", self.post(self.reception, "/v1/appointments", booking)[0], 409)
        offer = self.offer_of(entries[2])
        equal("another's hold", self.post(self.reception, "/v1/appointments", {"hold": offer["hold"], "patient": patients[0]})[0], 422)
        made(self.post(self.reception, "/v1/appointments", {"hold": offer["hold"], "patient": patients[2]}))
        equal("settled by its hold", self.entry(entries[2])["status"], "booked")
        equal("over", self.post(self.reception, "/v1/waiting-entries/%s:withdraw" % entries[2], {})[0], 409)
        made(self.post(self.reception, "/v1/waiting-entries/%s:withdraw" % entries[0], {}), 200)

    def a_storm_offers_each_once(self, patients, service, slots):
        """Slots become free while the daemon dies, three wait, and each lets go what it has: nobody is offered a slot twice."""
        entries = [self.wait_for(patient, service) for patient in patients]
        for number in range(ROUNDS):
            self.become_free(patients[number % 3], slots[number])
            self.kill()
            for entry in entries:
                self.post(self.reception, "/v1/waiting-entries/%s:decline" % entry, {})
        await_that("the end of it", lambda: self.nothing_is_left(entries))
        return entries

    def nothing_is_left(self, entries):
        held = [entry for entry in entries if self.offer_of(entry)]
        for entry in held:
            self.post(self.reception, "/v1/waiting-entries/%s:decline" % entry, {})
        offers = [event["data"]["offer"]["slot"] for event in self.events("pcn.referral.waiting-entry.offered") if event["data"]["id"] in entries]
        return not held and len(offers) >= 3

    def events(self, of_type):
        events, after = [], 0
        while True:
            page = self.get(self.manager, "/v1/events/referral?limit=1000&after=%d" % after)["events"]
            events += page
            if len(page) < 1000:
                return [event for event in events if event["type"].startswith(of_type)]
            after = page[-1]["sequence"]

    def the_log_tells_each_once(self):
        events = self.events("pcn.referral.")
        equal("sequences", [event["sequence"] for event in events], list(range(1, len(events) + 1)))
        offers = [(event["data"]["id"], event["data"]["offer"]["slot"]) for event in events if event["type"].endswith("waiting-entry.offered")]
        equal("each offer once", len(offers), len(set(offers)))
        versions = {}
        for event in events:
            if event["subject"].startswith(("waiting-entries/", "online-consultations/")):
                equal("the version of " + event["subject"], event["data"]["version"], versions.get(event["subject"], 0) + 1)
                versions[event["subject"]] = event["data"]["version"]
        if "Quill" in repr(events) or "rash" in repr(events) or NUMBERS[0] in repr(events):
            raise SystemExit("events tell too much")

    def others_see_nothing(self, entry, service, patient):
        for path in "/v1/waiting-entries/" + entry, "/v1/online-consultations/" + entry:
            equal(path, self.instance.call(self.neighbour, "GET", path)[0], 404)
        equal("their list", self.get(self.neighbour, "/v1/waiting-entries?service=" + service)["waitingEntries"], [])
        equal("their list", self.get(self.neighbour, "/v1/online-consultations?patient=" + patient)["onlineConsultations"], [])

    def a_consultation_takes_its_course(self, patient, slot):
        service = made(self.post(self.network, "/v1/services", {"name": "Online", "kind": "general-practice", "provider": "gp-b1",
                                                                "channels": ["online-message"], "targetMinutes": 60}))["id"]
        asked = {"patient": patient, "service": service, "answers": [{"question": "symptom", "answer": "A rash"}]}
        consultation = made(self.post(self.reception, "/v1/online-consultations", asked, "ask"))
        path = "/v1/online-consultations/" + consultation["id"]
        equal("not late", consultation["triageLate"], False)
        self.kill()
        equal("the same", made(self.post(self.reception, "/v1/online-consultations", asked, "ask"))["id"], consultation["id"])
        equal("not triaged", self.post(self.reception, path + ":answer", {"text": "Keep it dry"})[0], 409)
        made(self.post(self.reception, path + ":triage", {"urgency": "same-day"}), 200)
        made(self.post(self.reception, path + ":answer", {"text": "Keep it dry"}), 200)
        made(self.post(self.reception, path + ":addMessage", {"from": "patient", "text": "It itches"}), 200)
        appointment = made(self.post(self.reception, "/v1/appointments", {"slots": [slot], "patient": patient}))["id"]
        equal("goes on", made(self.post(self.reception, path + ":convert", {"appointment": appointment}), 200)["outcome"], "in-person")
        listed = self.get(self.reception, "/v1/online-consultations?organisation=gp-b1")["onlineConsultations"]
        equal("the list", [(row["id"], row["status"]) for row in listed], [(consultation["id"], "converted")])
        if "rash" in repr(listed):
            raise SystemExit("the list tells what was written")
        equal("the thread", [message["from"] for message in self.get(self.reception, path)["thread"]], ["practice", "patient"])
        self.others_see_nothing(consultation["id"], service, patient)
        coverage = self.get(self.reception, "/v1/digital-coverage?organisation=pcn-b1&practices=true")
        equal("offered online", coverage["rows"][0]["online"]["practiceShare"], "1.000")


def check(instance):
    instance.pcn("up", "--detach", "--empty")
    waiting = Waiting(instance)
    service = waiting.organise()
    waiting.plan(service, "core", 9)
    slots = [slot["id"] for slot in waiting.slots(waiting.reception)["slots"]]
    patients = waiting.patients()
    entries = [waiting.wait_for(patient, service) for patient in patients]
    equal("places", [waiting.entry(entry)["place"] for entry in entries], [1, 2, 3])
    waiting.others_see_nothing(entries[0], service, patients[0])
    waiting.offers_survive(patients, entries, slots[:3])
    waiting.an_offer_is_booked_once(patients, entries)
    waiting.a_storm_offers_each_once(patients, service, slots[10:10 + ROUNDS])
    waiting.a_consultation_takes_its_course(patients[0], slots[20])
    waiting.the_log_tells_each_once()


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
