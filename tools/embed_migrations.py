#!/usr/bin/env python3
"""embed_migrations.py SYMBOL OUT FILE…: SQL files NNNN_name.sql as a C table of db_migration_t, ended by one without sql."""
import os
import re
import sys


def literal(text):
    lines = text.splitlines(keepends=True)
    return "\n".join('        "' + line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"' for line in lines)


def main():
    symbol, out, *files = sys.argv[1:]
    rows = []
    for path in files:
        name = os.path.basename(path)[: -len(".sql")]
        if not re.fullmatch(r"\d{4}_[a-z0-9_]+", name):
            sys.exit(f"{path}: a migration is called NNNN_what.sql")
        with open(path, encoding="utf-8") as source:
            rows.append(f"    {{{int(name[:4])}, \"{name}\",\n{literal(source.read())}}},\n")
    with open(out, "w", encoding="utf-8") as code:
        code.write('#include "common/db/migrate.h"\n\n'
                   f"extern const db_migration_t {symbol}[];\nconst db_migration_t {symbol}[] = {{\n{''.join(rows)}    {{0, NULL, NULL}}}};\n")


if __name__ == "__main__":
    main()
