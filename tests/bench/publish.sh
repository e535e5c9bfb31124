#!/bin/bash
# publish.sh RESULT: the tables of a run, as `./pcn bench` left it, into docs/performance.md.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
page=$here/../../docs/performance.md
tables=$(mktemp)
trap 'rm -f "$tables"' EXIT
jq -r -f "$here/markdown.jq" "${1:?the result of a run, such as build/bench.json}" >"$tables"
made=$(awk -v tables="$tables" '/^<!-- end of results -->/ { within = 0 } !within { print }
    /^<!-- results -->/ { within = 1; while ((getline line < tables) > 0) print line }' "$page")
printf '%s\n' "$made" >"$page"
