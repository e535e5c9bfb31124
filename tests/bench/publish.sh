#!/bin/bash
# publish.sh RESULT…: the tables of runs, as `./pcn bench` and `./pcn bench booking` left them, into docs/performance.md.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
page=$here/../../docs/performance.md
tables=$(mktemp)
trap 'rm -f "$tables"' EXIT
[ $# -gt 0 ] || set -- ""

# put MARK PROGRAM RESULT: a table between the page's marks.
put() {
    local made
    jq -r -f "$here/$2" "$3" >"$tables"
    made=$(awk -v tables="$tables" -v mark="$1" '$0 == "<!-- end of " mark " -->" { within = 0 } !within { print }
        $0 == "<!-- " mark " -->" { within = 1; while ((getline line < tables) > 0) print line }' "$page")
    printf '%s\n' "$made" >"$page"
}

for result in "$@"; do
    if ! jq -e 'has("sizes")' "${result:?the result of a run, such as build/bench.json}" >/dev/null; then
        put results markdown.jq "$result"
        continue
    fi
    put sizes sizes_markdown.jq "$result"
    # A run of the sizes alone has nothing else.
    if jq -e '.measurements | length > 0' "$result" >/dev/null; then
        put booking booking_markdown.jq "$result"
    fi
done
