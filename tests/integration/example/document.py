#!/usr/bin/env python3
"""What docs/new-service.md shows is what there is: each block of code stands in a file of the noticeboard, or of the folders named after it, word
by word, and every file of the noticeboard is told of.

usage: document.py DOCUMENT NOTICEBOARD [FOLDER…]
"""

import os
import re
import sys

LANGUAGES = ("proto", "sql", "c", "cmake")


def words(text):
    """The text without its layout: a block may be indented otherwise, and a line be broken elsewhere."""
    return " ".join(text.split())


def blocks(path):
    """(number of the first line, language, text) of each block of code."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for found in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text[:found.start()].count("\n") + 2, found.group(1), found.group(2)


def sources(folder):
    for place, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(place, name), encoding="utf-8") as file:
                yield os.path.relpath(os.path.join(place, name), folder), words(file.read())


def main():
    document, folder = sys.argv[1:3]
    files = dict(sources(folder))
    others = [text for other in sys.argv[3:] for _, text in sources(other)]
    count = wrong = 0
    for line, language, text in blocks(document):
        if language not in LANGUAGES:
            continue
        count += 1
        parts = [words(part) for part in text.split("…")]
        if not any(all(part in file for part in parts) for file in list(files.values()) + others):
            wrong += 1
            print("%s:%d: stands in no file:\n%s" % (document, line, text))
    # A file that the document does not name is a step that it does not tell of.
    with open(document, encoding="utf-8") as file:
        text = file.read()
    for name in sorted(files):
        stem = re.sub(r"\.[ch]$", "", os.path.basename(name))
        if stem not in text:
            wrong += 1
            print("%s does not tell of %s" % (document, name))
    print("%d blocks, %d files, %d wrong" % (count, len(files), wrong))
    return 1 if wrong or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
