#!/usr/bin/env python3
"""Every page's links lead somewhere, headings included, and every file and test that a page names is there.

A name in backquotes that begins with one of NAMED is a path from the top of the clone; `path/test_x.c`: `name`, `name` are tests in that file.
"""

import os
import re
import sys

LEFT_OUT = re.compile(r"^(\.git|\.pcn.*|build(-.*)?|node_modules)$")
NAMED = ("tests/", "docs/", "proto/", "common/", "services/", "tools/", "docker/")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"`([\w./-]+)`")
TESTS = re.compile(r"`(tests/[\w./-]+\.c)`: ((?:`\w+`(?:, )?)+)")


def pages(clone):
    for place, folders, names in os.walk(clone):
        folders[:] = [name for name in folders if not LEFT_OUT.match(name)]
        for name in names:
            if name.endswith(".md"):
                yield os.path.join(place, name)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def anchors(text):
    """As the usual hosts make them of headings."""
    found = set()
    for heading in re.findall(r"^#+ +(.*)$", CODE.sub("", text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-"))
    return found


def link_is_wrong(page, target):
    if re.match(r"^[a-z]+:", target):
        return False
    path, _, anchor = target.partition("#")
    path = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
    if not os.path.exists(path):
        return True
    return bool(anchor) and path.endswith(".md") and anchor not in anchors(read(path))


def complaints(clone, page):
    text = CODE.sub("", read(page))
    for target in LINK.findall(text):
        if link_is_wrong(page, target):
            yield "the link %s leads nowhere" % target
    # A change log and a decision tell of what was there at their time; the example has its own tree.
    if os.path.basename(page) == "CHANGELOG.md" or "/decisions/" in page:
        return
    for name in NAME.findall(text):
        if name.startswith(NAMED) and "." in os.path.basename(name) and not os.path.exists(os.path.join(clone, name)) and \
                not os.path.exists(os.path.join(clone, "tests", "example", "noticeboard", name)):
            yield "there is no %s" % name
    for path, names in TESTS.findall(text):
        source = read(os.path.join(clone, path)) if os.path.exists(os.path.join(clone, path)) else ""
        for name in re.findall(r"`(\w+)`", names):
            if re.search(r"\b%s\b" % name, source) is None:
                yield "there is no %s in %s" % (name, path)


def main():
    clone = os.path.abspath(sys.argv[1])
    count = wrong = 0
    for page in sorted(pages(clone)):
        count += 1
        for complaint in complaints(clone, page):
            wrong += 1
            print("%s: %s" % (os.path.relpath(page, clone), complaint))
    print("%d pages, %d wrong" % (count, wrong))
    return 1 if wrong or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
