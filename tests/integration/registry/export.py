#!/usr/bin/env python3
"""An independent reader of exports: export.py ARCHIVE DOCUMENT. Ends with a message where the two differ, or one is not well-formed."""
import csv
import io
import json
import re
import subprocess
import sys
import tarfile


def snake(name):
    return re.sub(r"([A-Z])", lambda match: "_" + match[1].lower(), name)


def cell(value):
    """What a JSON value is in a cell, and how it compares with one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def same(row, record):
    for name, text in record.items():
        value = row.get(name)
        if isinstance(value, (dict, list)):
            if not text or json.loads(text) != value:
                return False
        elif text != ("" if value is None else cell(value)):
            return False
    return set(row) <= set(record)


def check_file(name, data, rows):
    text = data.decode("utf-8")
    records = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    again = io.StringIO(newline="")
    csv.writer(again, lineterminator="\n").writerows(records)
    if again.getvalue() != text:
        sys.exit(f"{name}: quotes or line ends differ from what csv writes")
    header, records = records[0], records[1:]
    if len(records) != len(rows):
        sys.exit(f"{name}: {len(records)} rows in the archive, {len(rows)} in the document")
    for number, (record, row) in enumerate(zip(records, rows), start=2):
        if len(record) != len(header):
            sys.exit(f"{name}:{number}: {len(record)} cells")
        row = {snake(key): value for key, value in row.items()}
        if list(row) != [column for column in header if column in row]:
            sys.exit(f"{name}:{number}: members are not in the order of the columns")
        if not same(row, dict(zip(header, record))):
            sys.exit(f"{name}:{number}: {record} is not {row}")


def main(archive, document):
    with open(document, encoding="utf-8", newline="") as file:
        members = json.load(file)
    with tarfile.open(archive, "r:") as tar:
        infos = tar.getmembers()
        files = {info.name: tar.extractfile(info).read() for info in infos}
    if [snake(name) + ".csv" for name in members] != [info.name for info in infos]:
        sys.exit("the archive has other files than the document has members")
    for info in infos:
        if (info.mtime, info.mode, info.uid, info.gid, info.uname, info.gname, info.isreg()) != (0, 0o644, 0, 0, "", "", True):
            sys.exit(f"{info.name}: other metadata")
    for name, rows in members.items():
        check_file(snake(name) + ".csv", files[snake(name) + ".csv"], rows)
    listed = subprocess.run(["tar", "--utc", "-tvf", archive], check=True, capture_output=True, text=True)
    if listed.stderr:
        sys.exit(listed.stderr)
    for line, info in zip(listed.stdout.splitlines(), infos, strict=True):
        if line.split() != ["-rw-r--r--", "0/0", str(info.size), "1970-01-01", "00:00", info.name]:
            sys.exit(f"tar lists {line}")
    for name, data in files.items():
        if subprocess.run(["tar", "-xOf", archive, name], check=True, capture_output=True).stdout != data:
            sys.exit(f"tar unpacks {name} differently")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
