#!/usr/bin/env python3
"""embed_documents.py OUT FILE…: files as the table of services/gateway/documents.h, each under its name without .html."""
import hashlib
import os
import sys

TYPES = {".json": "application/json", ".html": "text/html; charset=utf-8"}


def rows(data):
    for at in range(0, len(data), 32):
        yield "    " + ",".join(str(byte) for byte in data[at:at + 32]) + ",\n"


def main():
    out, *files = sys.argv[1:]
    code, table = ['#include "services/gateway/documents.h"\n\n'], []
    for number, path in enumerate(files):
        with open(path, "rb") as source:
            data = source.read()
        stem, extension = os.path.splitext(os.path.basename(path))
        name = stem if extension == ".html" else stem + extension
        code.append(f"static const unsigned char bytes_{number}[] = {{\n{''.join(rows(data))}}};\n\n")
        table.append(f'    {{"{name}", "{TYPES[extension]}", "\\"{hashlib.sha256(data).hexdigest()[:32]}\\"", bytes_{number}, sizeof bytes_{number}}},\n')
    code.append(f"const document_t documents[] = {{\n{''.join(table)}    {{0}}}};\n")
    with open(out, "w", encoding="utf-8") as source:
        source.write("".join(code))


if __name__ == "__main__":
    main()
