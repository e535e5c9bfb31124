#!/bin/bash
# `./pcn bench england`: what the registry answers with a whole (synthetic) England in it against LLR's 186 organisations alone, and what
# importing that England takes against COPY of the same rows. What is measured how: README.md beside this file.
set -euo pipefail

# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
seconds=3 rounds=3 part=1

usage() {
    cat <<'EOF'
usage: tests/bench/england.sh [--quick] [--seconds N] [--rounds N] [--part N]

  --quick       1 second a measurement instead of 3
  --seconds N   how long a measurement takes
  --rounds N    how often each is repeated (default 3); medians are shown
  --part N      one in N of England

environment:
  PCN_STATE_DIR             folder of a running instance, with LLR's data loaded and nothing else; the result goes to bench/england.json in it
  PCN_HTTP_PORT             port of its edge (default 8080)
  PCN_BIN                   folder of pcn-gateway and pcnctl (default: bin in the instance's folder)
  PCN_BENCH_DATABASE_URL    the instance's database, as a role that may create a schema and read the registry's
                            (default: PCN_DATABASE_URL, else pcn_admin over the private cluster's socket)
EOF
}

while [ $# -gt 0 ]; do
    case $1 in
        --quick) seconds=1 ;;
        --seconds) seconds=$(number "$1" "${2:-}") && shift ;;
        --rounds) rounds=$(number "$1" "${2:-}") && shift ;;
        --part) part=$(number "$1" "${2:-}") && shift ;;
        -h | --help) usage && exit 0 ;;
        *) usage >&2 && exit 2 ;;
    esac
    shift
done

state_dir=${PCN_STATE_DIR:?folder of a running instance}
bin=${PCN_BIN:-$state_dir/bin}
edge=http://127.0.0.1:${PCN_HTTP_PORT:-8080}
database_url=${PCN_BENCH_DATABASE_URL:-${PCN_DATABASE_URL:-postgresql://pcn_admin@/pcn?host=$state_dir/run}}
for tool in wrk jq psql curl python3; do
    command -v "$tool" >/dev/null || die "$tool is missing"
done
[ -x "$bin/pcn-gateway" ] && [ -x "$bin/pcnctl" ] || die "there is no pcn-gateway or pcnctl in $bin"

# What is read; the day is one on which some practices belonged to another network. Coverage and checks are of the whole registry: their answers
# are kept while nothing is recorded, so there is a second measure of each that asks for another day every time.
operations=(organisation network list practices search tree network-on-a-day list-on-a-day practices-on-a-day tree-on-a-day
    coverage coverage-anew checks checks-anew)
# Few connections: what a read takes is asked, not what the machine can bear.
connections=4
# Tables that England has rows in, in the order of their references, with the condition that finds those rows.
tables=(organisation organisation_past membership director_term list_size)
declare -A rows_of=([organisation]="code LIKE '%-syn-%'" [organisation_past]="code LIKE '%-syn-%'" [membership]="practice LIKE '%-syn-%'"
    [director_term]="network LIKE '%-syn-%'" [list_size]="organisation LIKE '%-syn-%'")

work=$(mktemp -d "${TMPDIR:-/tmp}/pcn-england.XXXXXX")
results=$work/results.ndjson

finish() {
    local code=$?
    trap - EXIT INT TERM
    stop_programs
    psql -X -q -d "$database_url" -c 'SET client_min_messages = warning; DROP SCHEMA IF EXISTS bench_copy CASCADE' >/dev/null 2>&1 || true
    if [ "$code" -ne 0 ]; then
        tail -n 5 "$work"/*.log 2>/dev/null >&2 || true
    fi
    rm -rf "$work"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

get() {
    curl -sS --fail-with-body --max-time 30 -H @<(printf 'Authorization: Bearer %s\n' "$token") "$edge$1"
}

# The paths of each operation, of what is in the registry now. A search is for a word of some name; every second word lacks its last letter, as
# while it is being typed.
write_paths() {
    local operation
    sql >"$work/organisation.paths" -c "SELECT '/v1/organisations/' || code FROM registry.organisation"
    sql >"$work/network.paths" -c "SELECT '/v1/networks/' || code FROM registry.organisation WHERE kind = 'network'"
    sql >"$work/tree.paths" -c "SELECT '/v1/organisations/' || code || '/tree' FROM registry.organisation WHERE kind = 'ics' AND code <> 'ics-nel'"
    sql >"$work/list.paths" -c "SELECT '/v1/organisations?kind=practice&pageSize=50' UNION ALL
        SELECT '/v1/organisations?pageSize=50&parent=' || code FROM registry.organisation WHERE kind = 'network'"
    echo '/v1/organisations?kind=practice&pageSize=50' >"$work/practices.paths"
    for operation in network tree; do
        sed 's/$/?asOf=2019-12-31/' "$work/$operation.paths" >"$work/$operation-on-a-day.paths"
    done
    for operation in list practices; do
        sed 's/$/\&asOf=2019-12-31/' "$work/$operation.paths" >"$work/$operation-on-a-day.paths"
    done
    printf '/v1/coverage?level=%s\n' system place >"$work/coverage.paths"
    echo /v1/checks >"$work/checks.paths"
    sql >"$work/days" -c "SELECT d::date FROM generate_series(date '2019-07-01', date '2039-06-30', interval '1 day') d"
    sed 's|^|/v1/coverage?level=system\&asOf=|' "$work/days" >"$work/coverage-anew.paths"
    sed 's|^|/v1/checks?asOf=|' "$work/days" >"$work/checks-anew.paths"
    sql >"$work/search.paths" -c "SELECT DISTINCT '/v1/organisations?q=' || CASE WHEN length(word) > 4 AND hashtext(word) % 2 = 0 THEN left(word, -1) ELSE word END
        FROM registry.organisation CROSS JOIN LATERAL regexp_split_to_table(lower(name), '[^a-z]+') word WHERE length(word) > 3 AND word <> 'synthetic'"
}

# run_wrk PHASE OPERATION ROUND: a line of JSON.
run_wrk() {
    local result duration=$seconds
    # What is of the whole registry takes a tenth of a second and needs some time to be taken often.
    if [[ $2 = c* && $seconds -lt 5 ]]; then
        duration=5
    fi
    BENCH_LUA=$here/wrk BENCH_TOKEN=$token BENCH_PATHS=$work/$2.paths \
        wrk -t1 -c "$connections" -d "${duration}s" --timeout 10s -s "$here/wrk/paths.lua" "http://127.0.0.1:$gateway_port" \
        >"$work/wrk.log" 2>&1 || die "wrk failed"
    result=$(sed -n 's/^RESULT //p' "$work/wrk.log")
    [ -n "$result" ] || die "wrk gave no result"
    jq -e '.requests > 0 and (.refused + .broken) <= .requests / 1000' <<<"$result" >/dev/null || die "$2: too many errors: $result"
    jq -c --arg phase "$1" --arg operation "$2" --argjson round "$3" \
        '{$phase, $operation, $round, rate: (.requests / .seconds), p50Us: .p50, p99Us: .p99}' <<<"$result" >>"$results"
}

# What autovacuum would do within a minute is done before, so that no round has it and another not. Round 0 warms up.
measure_reads() {
    local round operation
    sql -c 'VACUUM ANALYZE' -c CHECKPOINT >/dev/null 2>&1 || true
    write_paths
    for ((round = 0; round <= rounds; round++)); do
        for operation in "${operations[@]}"; do
            run_wrk "$1" "$operation" "$round"
        done
    done
}

# From the request to the job's end, by the clock of the server: seconds.
measure_import() {
    PCN_CTL_TOKEN=$token "$bin/pcnctl" import "$work/england" --url "$edge" --json >"$work/job.json" ||
        die "the import failed: $(head -c 2000 "$work/job.json")"
    sql -v id="$(jq -r .id "$work/job.json")" <<'SQL'
SELECT extract(epoch FROM finished_at - created_at) FROM registry.import WHERE id = :'id'
SQL
}

# Copies of the tables with all that holds and finds their rows: checks, keys and indexes come with LIKE, references do not.
make_copies() {
    local table
    sql >"$work/references.sql" <<'SQL'
SET search_path = pg_catalog;
SELECT format('ALTER TABLE bench_copy.%I ADD %s;', r.relname, replace(pg_get_constraintdef(c.oid), 'REFERENCES registry.', 'REFERENCES bench_copy.'))
FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
WHERE c.contype = 'f' AND r.relnamespace = 'registry'::regnamespace
  AND r.relname IN ('organisation', 'organisation_past', 'membership', 'director_term', 'list_size', 'sub_group');
SQL
    {
        echo 'SET client_min_messages = warning; DROP SCHEMA IF EXISTS bench_copy CASCADE; CREATE SCHEMA bench_copy;'
        for table in sub_group "${tables[@]}"; do
            printf 'CREATE TABLE bench_copy.%s (LIKE registry.%s INCLUDING ALL);\n' "$table" "$table"
        done
        cat "$work/references.sql"
    } | sql >/dev/null
}

# columns TABLE: those that COPY may fill.
columns() {
    sql -c "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
            WHERE attrelid = 'registry.$1'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
}

# Seconds, of all tables in one transaction, committed.
measure_copy() {
    local table
    make_copies
    {
        echo 'SELECT extract(epoch FROM clock_timestamp()) AS started \gset'
        echo 'BEGIN;'
        for table in "${tables[@]}"; do
            printf '\\copy bench_copy.%s (%s) FROM %s\n' "$table" "$(columns "$table")" "'$work/$table.rows'"
        done
        echo 'COMMIT;'
        echo 'SELECT extract(epoch FROM clock_timestamp()) - :started;'
    } >"$work/copy.sql"
    for table in "${tables[@]}"; do
        sql -c "\\copy (SELECT $(columns "$table") FROM registry.$table WHERE ${rows_of[$table]}) TO '$work/$table.rows'" >/dev/null
    done
    sql -c CHECKPOINT >/dev/null 2>&1 || true
    sql -f "$work/copy.sql"
}

# first QUERY: the code that is found first.
first() {
    get "/v1/organisations?pageSize=1&q=$1" | jq -r '.organisations[0].code // "nothing"'
}

started=$SECONDS
busy=$(measure_busy)
if [ "$busy" -gt 15 ]; then
    say "others keep the machine $busy% busy: the ratios will be off"
fi
token=$("$bin/pcnctl" token --issuer-dir "$state_dir/issuer" --role system-manager --org ics-llr --ttl 7200)
[ "$(sql -c "SELECT count(*) FROM registry.organisation WHERE code LIKE '%-syn-%'")" = 0 ] || die "there is an England in this instance already"
start_gateway
say "reads with LLR"
measure_reads llr
say "importing England"
"$clone/tests/support/england.py" --part "$part" "$work/england"
import_s=$(measure_import)
say "the same rows with COPY"
copy_s=$(measure_copy)
say "reads with England"
measure_reads england

jq -s --argjson importS "$import_s" --argjson copyS "$copy_s" --argjson imported "$(jq '.result.rows' "$work/job.json")" --argjson busy "$busy" \
    --argjson part "$part" --argjson took $((SECONDS - started)) --arg latham "$(first latham)" --arg lathem "$(first lathem%20house)" \
    --argjson cpus "$(nproc)" --arg at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" -f "$here/england.jq" "$results" >"$work/result.json"
jq -r '
    def ms: . / 10 | round / 100 | tostring;
    def pad($n): . + (" " * ([$n - length, 0] | max));
    "\("read, ms" | pad(20))\("LLR p50" | pad(10))\("p99" | pad(10))\("England p50" | pad(14))\("p99" | pad(10))p99 to p99 (target \(.targets.p99Ratio))",
    (.reads[] | "\(.operation | pad(20))\(.llr.p50Us | ms | pad(10))\(.llr.p99Us | ms | pad(10))\(.england.p50Us | ms | pad(14))\(.england.p99Us | ms | pad(10))\(.ratio)"),
    "",
    "import of \(.import.rows) rows: \(.import.seconds) s; COPY of them: \(.import.copySeconds) s; ratio \(.import.ratio) (target \(.targets.importRatio))",
    "found first: \"latham\" \(.search.latham), \"lathem house\" \(.search.lathem)",
    "\(.cpus) cores, \(.busyPercent)% busy before, measured in \(.tookS) s"' "$work/result.json"
mkdir -p "$state_dir/bench"
cp "$work/result.json" "$state_dir/bench/.england.json"
mv -f "$state_dir/bench/.england.json" "$state_dir/bench/england.json"
