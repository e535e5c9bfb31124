#!/usr/bin/env python3
"""Figures of coverage as Markdown, from gcovr's JSON: by folder, the files that lack most, and functions that nothing calls."""

import collections
import json
import sys

FILES_SHOWN = 25


def folder_of(path):
    return "/".join(path.split("/")[:2])


def share(part, whole):
    return "–" if whole == 0 else "%.1f %%" % (100.0 * part / whole)


class Count:
    def __init__(self):
        self.files = self.lines = self.run = self.branches = self.taken = self.functions = self.called = 0

    def add(self, file):
        self.files += 1
        lines = [line for line in file["lines"] if not line.get("gcovr/noncode", False)]
        self.lines += len(lines)
        self.run += sum(1 for line in lines if line["count"] > 0)
        branches = [branch for line in lines for branch in line.get("branches", ())]
        self.branches += len(branches)
        self.taken += sum(1 for branch in branches if branch["count"] > 0)
        self.functions += len(file.get("functions", ()))
        self.called += sum(1 for function in file.get("functions", ()) if function["execution_count"] > 0)

    def row(self, name):
        return "| %s | %d | %d | %s | %s | %s |" % (name, self.files, self.lines, share(self.run, self.lines), share(self.taken, self.branches),
                                                  share(self.called, self.functions))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        files = json.load(file)["files"]
    folders, total, singles = collections.defaultdict(Count), Count(), []
    for file in files:
        name = file.get("file", file.get("filename"))
        if not name.endswith(".c"):
            continue
        folders[folder_of(name)].add(file)
        total.add(file)
        single = Count()
        single.add(file)
        singles.append((single.lines - single.run, name, single))
    print("| folder | files | lines | lines run | branches taken | functions called |\n|---|---|---|---|---|---|")
    for name in sorted(folders):
        print(folders[name].row("`%s`" % name))
    print(total.row("all"))
    print("\n| lines not run | file | lines run |\n|---|---|---|")
    for missing, name, single in sorted(singles, key=lambda each: (-each[0], each[1]))[:FILES_SHOWN]:
        print("| %d | `%s` | %s |" % (missing, name, share(single.run, single.lines)))
    print("\nFunctions that no test calls:\n")
    for file in sorted(files, key=lambda each: each.get("file", each.get("filename"))):
        name = file.get("file", file.get("filename"))
        silent = sorted(function["name"] for function in file.get("functions", ()) if function["execution_count"] == 0)
        if silent and name.endswith(".c"):
            print("- `%s`: %s" % (name, ", ".join(silent)))


if __name__ == "__main__":
    main()
