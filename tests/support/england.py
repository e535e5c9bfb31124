#!/usr/bin/env python3
"""A synthetic England as files that the registry imports.

42 systems with their sub-ICBs and councils, 1,250 networks with directors, 6,500 practices with memberships (one in ten has moved once) and
registered list sizes of twenty quarters. Nothing of it is real: every name ends in "(synthetic)", every code has "-syn-", every source says
so. The list sizes are not marked as synthetic, which in the registry means "estimated beside real ones": these stand for counted lists, so
that networks and areas can be summed. The same seed and part give the same bytes.
"""

import argparse
import datetime
import os
import random

SYSTEMS, NETWORKS, PRACTICES, QUARTERS = 42, 1250, 6500, 20
START = "2019-07-01"
LAST_QUARTER = datetime.date(2026, 7, 1)
RECORDED = "2026-08-01T09:00:00.000000Z"
SOURCE = "Synthetic England"
# Some are close to names of the documents: a search has to tell them apart.
WORDS = """Abbey Alder Ash Avon Barley Beacon Beech Birch Bramble Bridge Brook Castle Cedar Chapel Cherry Church Clover Cross Dale Elm Farm
Fern Field Ford Forge Fountain Garden Glebe Grange Green Grove Hall Harbour Hawthorn Hazel Heath Hill Holly Ivy Lane Lathbury Lathom Laurel
Lavender Lime Manor Maple Market Marsh Meadow Mill Moor Oak Orchard Park Pine Poplar Priory Quay Ridge River Rose Rowan Saxon Spring Station
Stone Sycamore Thorn Tower Valley Vine Walnut Well Willow Winter Wood Wren Yew""".split()
PLACES = """borough bury by cester combe den field ford ham hampton ley minster mouth port stead stoke ton wick worth""".split()
KINDS = ["Surgery", "Medical Centre", "Health Centre", "Practice", "House", "Medical Practice", "Family Practice", "Road Surgery"]
GIVEN = """Alex Amina Ben Chidi Claire Dev Ed Farah George Hannah Imran Jo Kavita Liam Mei Nadia Omar Priya Quinn Rosa Sam Tara Uma Vik Will
Yusuf Zoe""".split()
FAMILY = """Abbott Ahmed Barnes Begum Carter Chowdhury Davies Evans Fisher Grant Hughes Iqbal Jones Khan Lewis Morgan Nair Okafor Patel Quick
Reid Shah Turner Umar Vaughan Wong Young""".split()


def quarter_days():
    """The first days of quarters, oldest first."""
    day, days = LAST_QUARTER, []
    for _ in range(QUARTERS):
        days.append(day.isoformat())
        day = day.replace(year=day.year - (day.month == 1), month=(day.month - 4) % 12 + 1)
    return days[::-1]


def spread(count, parts):
    """Of `count` things in order, the part that each belongs to: parts of equal size, but for one."""
    return [i * parts // count for i in range(count)]


class England:
    def __init__(self, seed, part):
        self.random = random.Random(seed)
        self.systems = max(1, SYSTEMS // part)
        self.networks = max(self.systems * 2, NETWORKS // part)
        self.practices = max(self.networks * 2, PRACTICES // part)
        self.rows = {}

    def add(self, file, *cells):
        self.rows.setdefault(file, []).append(",".join(cells))

    def person(self):
        return f"Dr {self.random.choice(GIVEN)} {self.random.choice(FAMILY)} (synthetic)"

    def place(self):
        return self.random.choice(WORDS) + self.random.choice(PLACES)

    def organisation(self, code, name, kind, level, parent="", place="", facts_from="", recorded_at=""):
        self.add("organisations", code, f"{name} (synthetic)", kind, level, parent, place, "active", SOURCE, facts_from, recorded_at)

    def make_areas(self):
        """Systems, two or three sub-ICBs each and as many councils; (sub-ICB, council) in order."""
        areas = []
        for system in range(1, self.systems + 1):
            code = f"ics-syn-{system:02d}"
            name = self.place()
            self.organisation(code, f"{name} Integrated Care System", "ics", "system")
            for number in range(1, 3 + system % 2):
                sub, council = f"sub-syn-{system:02d}-{number}", f"la-syn-{system:02d}-{number}"
                self.organisation(sub, f"{name} {number}", "sub-icb", "place", code)
                self.organisation(council, f"{self.place()} Council", "local-authority", "place", code)
                areas.append((sub, council))
        return areas

    def make_networks(self, areas):
        codes = []
        for number, area in enumerate(spread(self.networks, len(areas)), 1):
            code = f"pcn-syn-{number:04d}"
            self.organisation(code, f"{self.place()} Network", "network", "neighbourhood", *areas[area])
            self.make_directors(code, number)
            codes.append(code)
        return codes

    def make_directors(self, network, number):
        """One in five has had another before, one in ten shares the job."""
        start = START
        if number % 5 == 0:
            end = datetime.date(2021, 3, 31) + datetime.timedelta(days=self.random.randrange(1500))
            self.add("directors", network, self.person(), START, end.isoformat(), "", SOURCE)
            start = (end + datetime.timedelta(days=1)).isoformat()
        if number % 10 == 1:
            first, second = self.person(), self.person()
            if first != second:
                self.add("directors", network, second, start, "", "0.5", SOURCE)
            self.add("directors", network, first, start, "", "0.5" if first != second else "", SOURCE)
        else:
            self.add("directors", network, self.person(), start, "", "", SOURCE)

    def make_practices(self, networks):
        homes = spread(self.practices, len(networks))
        for number, home in enumerate(homes, 1):
            code, network = f"gp-syn-{number:05d}", networks[home]
            name = f"{self.random.choice(WORDS)} {self.random.choice(KINDS)}"
            before = networks[home - 1] if number % 10 == 7 and home > 0 else None
            self.make_memberships(code, name, network, before)
            self.make_sizes(code)

    def make_memberships(self, code, name, network, before):
        if before is None:
            self.organisation(code, name, "practice", "practice", network)
            self.add("memberships", network, code, START, "", SOURCE, "", "")
            return
        # Its parent has followed: what it was before is facts of the past.
        day = datetime.date(2021, 4, 1) + datetime.timedelta(days=self.random.randrange(1800))
        last = (day - datetime.timedelta(days=1)).isoformat()
        self.organisation(code, name, "practice", "practice", network, facts_from=day.isoformat(), recorded_at=RECORDED)
        self.add("past", code, last, RECORDED, f"{name} (synthetic)", "practice", before, "active", SOURCE)
        self.add("memberships", before, code, START, last, SOURCE, "", RECORDED)
        self.add("memberships", network, code, day.isoformat(), "", SOURCE, RECORDED, "")

    def make_sizes(self, code):
        count = min(30000, max(1200, self.random.lognormvariate(8.85, 0.45)))
        growth = self.random.uniform(0.995, 1.012)
        for day in self.days:
            self.add("list_sizes", code, "registered", day, str(int(count)), SOURCE)
            count *= growth

    def make(self):
        self.days = quarter_days()
        self.make_practices(self.make_networks(self.make_areas()))


HEADERS = {
    "organisations": "code,name,kind,level,parent,place,status,source,facts_from,recorded_at",
    "past": "code,to,recorded_at,name,level,parent,status,source",
    "memberships": "network,practice,from,to,source,recorded_at,end_recorded_at",
    "directors": "network,name,from,to,share,source",
    "list_sizes": "organisation,kind,as_of,count,source",
}


def main():
    parser = argparse.ArgumentParser(description="Writes a synthetic England as files that the registry imports.")
    parser.add_argument("folder", help="where the files go; made where it is not there")
    parser.add_argument("--part", type=int, default=1, metavar="N", help="a part of England: one in N of everything")
    parser.add_argument("--seed", type=int, default=2019)
    arguments = parser.parse_args()
    if arguments.part < 1:
        parser.error("--part is 1 or more")
    england = England(arguments.seed, arguments.part)
    england.make()
    os.makedirs(arguments.folder, exist_ok=True)
    for file, header in HEADERS.items():
        with open(os.path.join(arguments.folder, file + ".csv"), "w", encoding="utf-8", newline="") as out:
            out.write("\n".join([header, *england.rows.get(file, [])]) + "\n")


if __name__ == "__main__":
    main()
