#!/usr/bin/env python3
"""What ./pcn up shows of booking: slots from today on at every practice, all of it marked synthetic, made once and made good where it runs short.

usage: demonstration.py CLONE BUILD
"""

import collections
import datetime
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from instance import Instance, equal  # noqa: E402

FREE, DAYS = 20, 14


class Demonstration:
    def __init__(self, instance):
        self.instance = instance
        self.manager = instance.token("system-manager", "ics-llr")

    def get(self, path, token=None):
        answer = self.instance.call(token or self.manager, "GET", path)
        equal(path, answer[0], 200)
        return answer[2]

    def rows(self, path, key, token=None):
        """All pages of a list."""
        rows, page = [], ""
        while page is not None:
            answer = self.get(path + ("&" if "?" in path else "?") + "pageSize=1000" + page, token)
            rows += answer[key]
            page = "&pageToken=" + answer["nextPageToken"] if "nextPageToken" in answer else None
        return rows

    def practices(self):
        return [row["code"] for row in self.rows("/v1/organisations?kind=practice", "organisations")]

    def free(self, of):
        """Those that anybody may book within fourteen days."""
        today = datetime.date.today()
        last = today + datetime.timedelta(days=DAYS - 1)
        slots = self.rows("/v1/slots?%s&from=%s&to=%s" % (of, today, last), "slots")
        return [slot for slot in slots if slot["status"] == "free" and "restrictions" not in slot]

    def events(self):
        return self.get("/v1/events/referral?limit=1")["max"]

    def nothing_without_it(self):
        equal("services", self.rows("/v1/services", "services", self.instance.token("practice-reception", "gp-elr-oakham")), [])

    def every_practice_has_slots(self):
        practices = self.practices()
        equal("practices", len(practices), 134)
        found = collections.Counter(slot["organisation"] for slot in self.free("network=ics-llr"))
        for practice in practices:
            if found[practice] < FREE:
                raise SystemExit("%s has %d free slots only" % (practice, found[practice]))

    def all_is_marked(self):
        services = self.rows("/v1/services", "services", self.instance.token("practice-reception", "gp-elr-oakham"))
        equal("kinds", len({service["kind"] for service in services}), 8)
        for row in services + self.rows("/v1/schedule-templates", "scheduleTemplates"):
            equal(row["name"], row.get("synthetic"), True)

    def sizes_come_to_the_networks(self):
        for network in self.rows("/v1/organisations?kind=network", "organisations"):
            whole = self.get("/v1/networks/" + network["code"])
            sizes = [size for member in whole["members"] for size in self.rows("/v1/organisations/%s/list-sizes" % member["practice"], "listSizes")]
            equal("marked", [size["synthetic"] for size in sizes], [True] * len(whole["members"]))
            equal(network["code"], sum(size["count"] for size in sizes), whole["listSize"]["stated"])

    def patients_have_appointments(self):
        """On the next working day, at each practice's or its network's: made-up people alone."""
        day = datetime.date.today() + datetime.timedelta(days=1)
        while day.weekday() > 4:
            day += datetime.timedelta(days=1)
        booked = 0
        for practice in self.practices()[:5]:
            reception = self.instance.token("practice-reception", practice)
            found = self.get("/v1/appointments?organisation=%s&day=%s" % (practice, day), reception)["appointments"]
            booked += len(found)
            for appointment in found:
                equal("marked", appointment.get("synthetic"), True)
                patient = self.get("/v1/patients/" + appointment["patient"], reception)
                equal("of the practice", (patient["practice"], patient.get("synthetic"), patient["nhsNumber"][:3]), (practice, True, "999"))
        if booked == 0:
            raise SystemExit("nobody has an appointment")

    def rutland_owes_what_its_lists_make(self):
        """The network by the 39,920 people that it states, its practices by made-up lists, which count only where they are asked for."""
        today = datetime.date.today()
        monday = today + datetime.timedelta(days=7 - today.weekday())
        path = "/v1/capacity?organisation=pcn-rutland&from=%s&to=%s" % (monday, monday + datetime.timedelta(days=6))
        rows = self.rows(path, "rows")
        of_network = {row["obligation"]: row for row in rows if row["organisation"] == "pcn-rutland"}
        equal("extended hours", of_network["extended-hours"]["required"], 1200)
        equal("extended access", of_network["extended-access"]["required"], 1796)
        unknown = [row for row in rows if row["kind"] == "practice"]
        equal("unknown", {row["reason"]["code"] for row in unknown if "required" not in row}, {"list-size-unknown"})
        equal("nothing is made of that", [row for row in unknown if "required" in row], [])
        for row in self.rows(path + "&synthetic=true", "rows"):
            if row["obligation"] == "reserved-111":
                equal("slots", (row["required"], row["synthetic"]), (max(1, row["listSize"] // 3000), True))
                equal("difference", row["difference"], row["published"] - row["required"])
        access = self.get("/v1/access?organisation=pcn-rutland&from=%s&to=%s" % (monday, monday + datetime.timedelta(days=6)))
        equal("practices", [offer["lookedAt"] for offer in access["offers"] if offer["code"] == "core-hours-open"], [4])

    def a_slot_for_111_goes_back(self, practice):
        reception = self.instance.token("practice-reception", practice)
        today = datetime.date.today()
        path = "/v1/slots?organisation=%s&kind=reserved-111&from=%s&to=%s" % (practice, today + datetime.timedelta(days=1), today + datetime.timedelta(days=DAYS - 1))
        slot = next(hidden["slot"] for hidden in self.rows(path + "&explain=true", "hidden", reception) if hidden["slot"]["status"] == "free")
        answer = self.instance.call(reception, "POST", "/v1/slots/%s:reclaim" % slot["id"], {})
        equal("reclaimed", (answer[0], answer[2]["status"]), (200, "reclaimed"))
        equal("its own", [found["id"] for found in self.rows(path, "slots", reception)], [slot["id"]])
        equal("nobody else's", self.rows(path, "slots", self.instance.token("practice-reception", "gp-elr-uppingham")), [])

    def a_second_start_adds_nothing(self):
        before = self.events()
        if "made the demonstration" in self.instance.pcn("up", "--detach"):
            raise SystemExit("something was made anew")
        equal("events", self.events(), before)

    def who_is_booked_up_gets_more(self, practice):
        reception = self.instance.token("practice-reception", practice)
        for slot in self.free("organisation=" + practice)[FREE - 3:]:
            equal("blocked", self.instance.call(reception, "POST", "/v1/slots/%s:block" % slot["id"], {"reason": "nobody there"})[0], 200)
        equal("left", len(self.free("organisation=" + practice)), FREE - 3)
        self.instance.pcn("up", "--detach")
        found = len(self.free("organisation=" + practice))
        if found < FREE:
            raise SystemExit("%s still has %d only" % (practice, found))


def check(instance):
    instance.pcn("up", "--detach", "--no-demo")
    demonstration = Demonstration(instance)
    demonstration.nothing_without_it()
    if "made the demonstration in" not in instance.pcn("up", "--detach"):
        raise SystemExit("no demonstration was made")
    demonstration.every_practice_has_slots()
    demonstration.all_is_marked()
    demonstration.sizes_come_to_the_networks()
    demonstration.patients_have_appointments()
    demonstration.rutland_owes_what_its_lists_make()
    demonstration.a_slot_for_111_goes_back("gp-elr-empingham")
    demonstration.a_second_start_adds_nothing()
    demonstration.who_is_booked_up_gets_more("gp-elr-oakham")
    demonstration.a_second_start_adds_nothing()


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    instance = Instance(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), PCN_DEMO="yes")
    try:
        check(instance)
    finally:
        instance.end()


if __name__ == "__main__":
    main()
