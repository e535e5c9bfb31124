#!/bin/bash
# The measure behind `./pcn bench`: read one and create one, ours against Fastify with pg and against pgbench, in one run on one machine.
# What is measured how, and what it needs: README.md beside this file.
set -euo pipefail

# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=beside.sh
. "$here/beside.sh"
measured=registry seconds=3 warm_seconds=1 rounds=3 many=1000000 wire_calls=100000

usage() {
    cat <<'EOF'
usage: tests/bench/run.sh [--quick] [--seconds N] [--rounds N]

  --quick       1 second a measurement instead of 3, and 100,000 requests instead of a million before memory is looked at again
  --seconds N   how long a measurement takes
  --rounds N    how often each is repeated (default 3); medians are shown

environment:
  PCN_STATE_DIR             folder of a running instance, with LLR's data loaded; the result goes to bench/result.json in it
  PCN_HTTP_PORT             port of its edge (default 8080)
  PCN_BIN                   folder of pcn-gateway and pcnctl (default: bin in the instance's folder)
  PCN_BENCH_PROGRAMS        folder of bench_events, bench_rate, bench_rpc_echo and bench_zmq_echo (default: build/tests/bench in the clone)
  PCN_BENCH_UP_SECONDS      how long ./pcn up took, where that is to stand among the results
  PCN_BENCH_DATABASE_URL    the instance's database, as a role that may create a schema and read the registry's
                            (default: PCN_DATABASE_URL, else pcn_admin over the private cluster's socket)
EOF
}

while [ $# -gt 0 ]; do
    case $1 in
        --quick) seconds=1 many=100000 wire_calls=20000 ;;
        --seconds) seconds=$(number "$1" "${2:-}") && shift ;;
        --rounds) rounds=$(number "$1" "${2:-}") && shift ;;
        -h | --help) usage && exit 0 ;;
        *) usage >&2 && exit 2 ;;
    esac
    shift
done

state_dir=${PCN_STATE_DIR:?folder of a running instance}
bin=${PCN_BIN:-$state_dir/bin}
edge_port=${PCN_HTTP_PORT:-8080}
database_url=${PCN_BENCH_DATABASE_URL:-${PCN_DATABASE_URL:-postgresql://pcn_admin@/pcn?host=$state_dir/run}}
need_tools wrk node jq psql curl haproxy
find_pgbench
programs=${PCN_BENCH_PROGRAMS:-$clone/build/tests/bench}
for program in bench_events bench_rate bench_rpc_echo bench_zmq_echo; do
    [ -x "$programs/$program" ] || die "there is no $programs/$program: ./pcn bench builds it"
done
[ -x "$bin/pcn-gateway" ] && [ -x "$bin/pcnctl" ] || die "there is no pcn-gateway or pcnctl in $bin"

work=$(mktemp -d "${TMPDIR:-/tmp}/pcn-bench.XXXXXX")
results=$work/results.ndjson

finish() {
    local code=$?
    trap - EXIT INT TERM
    stop_programs
    psql -X -q -d "$database_url" -c 'SET client_min_messages = warning; DROP SCHEMA IF EXISTS bench_rival CASCADE' >/dev/null 2>&1 || true
    if [ "$code" -ne 0 ]; then
        tail -n 5 "$work"/*.log 2>/dev/null >&2 || true
    fi
    rm -rf "$work"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Both sides hold the same organisations; pgbench finds its own by number.
prepare_tables() {
    sql -c 'SET client_min_messages = warning' -f "$here/schema.sql" >/dev/null
    sql >"$work/codes" <<'EOF'
SET client_min_messages = warning;
INSERT INTO bench_rival.organisation
SELECT code, name, kind, level, parent, status, stated_population, source, version, created_at, updated_at
FROM registry.organisation WHERE code !~ '^bench-';
INSERT INTO bench_rival.organisation
SELECT 'read-' || row_number() OVER (ORDER BY code), name, kind, level, parent, status, stated_population, source, version, created_at, updated_at
FROM registry.organisation WHERE code !~ '^bench-';
SELECT code FROM registry.organisation WHERE code !~ '^bench-' ORDER BY code;
EOF
    sql -c 'VACUUM ANALYZE bench_rival.organisation'
    codes=$(wc -l <"$work/codes")
    grep -qx ics-llr "$work/codes" || die "the data set is not loaded: there is no ics-llr"
}

# run_wrk SIDE PLACE OPERATION CONNECTIONS SECONDS PORT: a line of JSON.
run_wrk() {
    local result
    processes_of "$1" "$2" >"$work/processes"
    processor_times <"$work/processes" >"$work/before"
    BENCH_LUA=$here/wrk BENCH_TOKEN=$token BENCH_CODES=$work/codes BENCH_PREFIX=$(new_prefix) \
        wrk -t1 -c "$4" -d "$5s" --timeout 10s -s "$here/wrk/$3.lua" "http://127.0.0.1:$6" >"$work/wrk.log" 2>&1 || die "wrk failed"
    processor_times <"$work/processes" >"$work/after"
    result=$(sed -n 's/^RESULT //p' "$work/wrk.log")
    [ -n "$result" ] || die "wrk gave no result"
    jq -c --arg side "$1" --arg place "$2" --arg operation "$3" --argjson connections "$4" \
        --argjson cpuUs "$(processor_used "$work/before" "$work/after" "$(jq '.requests + 1' <<<"$result")")" \
        '{$side, $place, $operation, $connections, rate: (.requests / .seconds), p50Us: .p50, p99Us: .p99, requests,
            errors: (.refused + .broken), $cpuUs}' <<<"$result" >"$work/line"
    jq -e '.requests > 0 and .errors <= .requests / 1000' "$work/line" >/dev/null || die "too many errors: $(cat "$work/line")"
    jq -c . "$work/line"
}

# run_pgbench OPERATION CLIENTS SECONDS
run_pgbench() {
    local log=$work/pgbench.log rate
    "$pgbench" -n -M prepared -c "$2" -j 1 -T "$3" -f "$here/pgbench/$1.sql" -D codes="$codes" -D prefix="$(new_prefix)" \
        -D answer="$answer" "$database_url" >"$log" 2>&1 || die "pgbench failed"
    rate=$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$log")
    [ -n "$rate" ] || die "pgbench gave no result"
    grep -q '^number of failed transactions: 0 ' "$log" || die "pgbench: $(grep '^number of failed' "$log")"
    jq -n -c --arg operation "$1" --argjson connections "$2" --argjson rate "$rate" \
        '{side: "pgbench", place: "direct", $operation, $connections, $rate}'
}

ports_of() {
    case $1/$2 in
        pcn/direct) printf '%s' "$gateway_port" ;;
        pcn/edge) printf '%s' "$edge_port" ;;
        rival/direct) printf '%s' "$rival_port" ;;
        rival/edge) printf '%s' "$rival_edge_port" ;;
    esac
}

# Both sides, one right after the other; who begins changes from round to round.
run_pair() {
    local place=$1 operation=$2 connections=$3 round=$4 sides=(pcn rival) side
    if [ $((round % 2)) -eq 0 ]; then
        sides=(rival pcn)
    fi
    for side in "${sides[@]}"; do
        run_wrk "$side" "$place" "$operation" "$connections" "$seconds" "$(ports_of "$side" "$place")" |
            jq -c --argjson round "$round" '. + {$round}' >>"$results"
    done
}

run_round() {
    local round=$1 operation connections place
    # No round begins with the work of the one before.
    sql -c CHECKPOINT 2>/dev/null || true
    for operation in read create; do
        for connections in 32 128; do
            for place in direct edge; do
                run_pair "$place" "$operation" "$connections" "$round"
            done
        done
        for connections in 8 32; do
            run_pgbench "$operation" "$connections" "$seconds" | jq -c --argjson round "$round" '. + {$round}' >>"$results"
        done
    done
}

warm_up() {
    local operation place side
    for operation in read create; do
        for place in direct edge; do
            for side in pcn rival; do
                run_wrk "$side" "$place" "$operation" 32 "$warm_seconds" "$(ports_of "$side" "$place")" >/dev/null
            done
        done
        run_pgbench "$operation" 8 "$warm_seconds" >/dev/null
    done
}

started=$SECONDS
busy=$(measure_busy)
if [ "$busy" -gt 15 ]; then
    say "others keep the machine $busy% busy: the ratios will be off"
fi
token=$("$bin/pcnctl" token --issuer-dir "$state_dir/issuer" --role system-manager --org ics-llr --ttl 7200)
answer='{"code":"bench-0","name":"A practice of the measure","kind":"practice","level":"practice","parent":"ics-llr","status":"active"}'
memory_idle=$(memory_held)
prepare_tables
start_gateway
start_rival
say "warming up"
warm_up
for ((round = 1; round <= rounds; round++)); do
    say "round $round of $rounds"
    run_round "$round"
done
say "half of the peak rate"
measure_half >"$work/half.json"
say "events"
measure_events >"$work/events.json"
say "$many requests"
asked=$(answer_many "$(jq -s '[.[] | select(.side == "pcn" and .place == "edge") | .requests] | add' "$results")" "$many")
say "the wire"
measure_wire >"$work/wire.json"
# Daemons give back what their heaps hold free once they rested for five seconds; nothing tells when they did.
sleep 15
memory_after=$(memory_held)

# What was answered 201 was made: repetitions of a key would be answered alike, and faster.
answered=$(jq -s '[.[] | select(.side == "pcn" and .operation == "create") | .requests] | add' "$results")
made=$(sql -c "SELECT count(*) FROM registry.organisation WHERE code ~ '^bench-'")
[ "$made" -ge "$answered" ] || die "$answered organisations were answered for, $made were made"

jq -s --slurpfile targets "$here/targets.json" --slurpfile events "$work/events.json" --slurpfile half "$work/half.json" --slurpfile wire "$work/wire.json" \
    --argjson memoryIdle "$memory_idle" --argjson memoryAfter "$memory_after" --argjson asked "$asked" --argjson up "${PCN_BENCH_UP_SECONDS:-null}" \
    --argjson seconds "$seconds" --arg at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --argjson took $((SECONDS - started)) --argjson cpus "$(nproc)" \
    --argjson busy "$busy" -f "$here/summary.jq" "$results" >"$work/result.json"
jq -r -f "$here/table.jq" "$work/result.json"
mkdir -p "$state_dir/bench"
cp "$work/result.json" "$state_dir/bench/.result.json"
mv -f "$state_dir/bench/.result.json" "$state_dir/bench/result.json"
