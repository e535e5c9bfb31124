#!/bin/bash
# publish.sh RESULT…: the tables of runs, as `./pcn bench` and `./pcn bench booking` left them, into docs/performance.md.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
page=$here/../../docs/performance.md
tables=$(mktemp)
trap 'rm -f "$tables"' EXIT
[ $# -gt 0 ] || set -- ""
for result in "$@"; do
    mark=results program=markdown.jq
    if jq -e .morning "${result:?the result of a run, such as build/bench.json}" >/dev/null; then
        mark=booking program=booking_markdown.jq
    fi
    jq -r -f "$here/$program" "$result" >"$tables"
    made=$(awk -v tables="$tables" -v mark="$mark" '$0 == "<!-- end of " mark " -->" { within = 0 } !within { print }
        $0 == "<!-- " mark " -->" { within = 1; while ((getline line < tables) > 0) print line }' "$page")
    printf '%s\n' "$made" >"$page"
done
