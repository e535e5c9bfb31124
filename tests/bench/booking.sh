#!/bin/bash
# `./pcn bench booking`: searching slots and booking them, ours against Fastify with pg and against pgbench, in ten million slots; a search there against
# one in ten thousand; and what share of England's morning holds. What is measured how, and what it needs: README.md beside this file.
set -euo pipefail

# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=beside.sh
. "$here/beside.sh"
# shellcheck source=morning.sh
. "$here/morning.sh"
measured=referral seconds=3 warm_seconds=1 rounds=3 part=1 morning_seconds=10 sizes_only=no
# So many networks book and search, evenly of all there are; so many practices, a whole network of the usual size, make ten thousand slots.
networks=60 few_practices=6
# A slot is asked for so often where many clients want few slots.
contenders=64

usage() {
    cat <<'EOT'
usage: tests/bench/booking.sh [--sizes] [--quick] [--seconds N] [--rounds N] [--part N]

  --sizes       searches in all slots and in ten thousand alone, by turns, and nothing next to them
  --quick       one in ten of England with a million slots, 1 second a measurement instead of 3
  --seconds N   how long a measurement takes
  --rounds N    how often each is repeated (default 3); medians are shown
  --part N      one in N of England; all of it has ten million slots

environment:
  PCN_STATE_DIR             folder of a running instance without patients and slots; the result goes to bench/booking.json in it
  PCN_HTTP_PORT             port of its edge (default 8080)
  PCN_BENCH_FEW_STATE_DIR   folder of another such instance, which gets ten thousand slots
  PCN_BENCH_FEW_HTTP_PORT   port of its edge
  PCN_BIN                   folder of pcn-gateway and pcnctl (default: bin in the instance's folder)
  PCN_BENCH_PROGRAMS        folder of bench_rate (default: build/tests/bench in the clone)
  PCN_BENCH_DATABASE_URL    the instance's database, as a role that may create a schema, read and write referral's and pass row-level security
                            (default: PCN_DATABASE_URL, else pcn_admin over the private cluster's socket)
EOT
}

while [ $# -gt 0 ]; do
    case $1 in
        --sizes) sizes_only=yes ;;
        --quick) seconds=1 part=10 morning_seconds=4 ;;
        --seconds) seconds=$(number "$1" "${2:-}") && shift ;;
        --rounds) rounds=$(number "$1" "${2:-}") && shift ;;
        --part) part=$(number "$1" "${2:-}") && shift ;;
        -h | --help) usage && exit 0 ;;
        *) usage >&2 && exit 2 ;;
    esac
    shift
done

all_state=${PCN_STATE_DIR:?folder of a running instance}
few_state=${PCN_BENCH_FEW_STATE_DIR:?folder of another one}
bin=${PCN_BIN:-$all_state/bin}
need_tools wrk node jq psql curl haproxy python3
find_pgbench
programs=${PCN_BENCH_PROGRAMS:-$clone/build/tests/bench}
[ -x "$programs/bench_rate" ] || die "there is no $programs/bench_rate: ./pcn bench builds it"
[ -x "$bin/pcn-gateway" ] && [ -x "$bin/pcnctl" ] || die "there is no pcn-gateway or pcnctl in $bin"

top=$(mktemp -d "${TMPDIR:-/tmp}/pcn-booking.XXXXXX")
chmod 711 "$top"
mkdir "$top/few" "$top/all"
results=$top/results.ndjson

# use few|all: everything below is about that instance.
use() {
    work=$top/$1
    case $1 in
        few)
            state_dir=$few_state edge=http://127.0.0.1:${PCN_BENCH_FEW_HTTP_PORT:?port of its edge}
            database_url="postgresql://pcn_admin@/pcn?host=$state_dir/run"
            gateway_port=${few_gateway[0]:-} gateway_pid=${few_gateway[1]:-}
            ;;
        all)
            state_dir=$all_state edge=http://127.0.0.1:${PCN_HTTP_PORT:-8080}
            database_url=${PCN_BENCH_DATABASE_URL:-${PCN_DATABASE_URL:-postgresql://pcn_admin@/pcn?host=$state_dir/run}}
            gateway_port=${all_gateway[0]:-} gateway_pid=${all_gateway[1]:-}
            ;;
    esac
}

finish() {
    local code=$? size
    trap - EXIT INT TERM
    stop_programs
    for size in few all; do
        use "$size"
        psql -X -q -d "$database_url" -c 'SET client_min_messages = warning; DROP SCHEMA IF EXISTS bench_rival CASCADE' >/dev/null 2>&1 || true
    done
    if [ "$code" -ne 0 ]; then
        tail -n 5 "$top"/*/*.log 2>/dev/null >&2 || true
    fi
    rm -rf "$top"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- the world ----

# Its organisations come by an import; booking hears of them by their events, and there is none to wait for here.
import_england() {
    local token wanted known=0 looks=0
    token=$("$bin/pcnctl" token --issuer-dir "$state_dir/issuer" --role system-manager --org ics-llr --ttl 7200)
    [ "$(sql -c "SELECT count(*) FROM registry.organisation WHERE code LIKE 'gp-syn-%'")" = 0 ] || return 0
    "$clone/tests/support/england.py" --part "$part" "$work/england"
    PCN_CTL_TOKEN=$token "$bin/pcnctl" import "$work/england" --url "$edge" --json >"$work/job.json" ||
        die "the import failed: $(head -c 2000 "$work/job.json")"
    wanted=$(sql -c 'SELECT count(*) FROM registry.organisation')
    while [ "$known" -lt "$wanted" ]; do
        [ $((looks += 1)) -le 1200 ] || die "booking knows $known of $wanted organisations after ten minutes"
        sleep 0.5
        known=$(sql -c 'SELECT count(*) FROM referral.organisation')
    done
}

# make_slots PRACTICES: of the first practices, or of all. Sets slots.
make_slots() {
    sql -c 'TRUNCATE referral.slot, referral.hold, referral.vacancy, referral.schedule_template, referral.service, referral.patient CASCADE' 2>"$work/truncate.log"
    sql -v "today=$(TZ=Europe/London date +%F)" -v "practices=$1" -f "$clone/tests/support/simulator/england.sql" >"$work/made"
    slots=$(sql -c 'SELECT count(*) FROM referral.slot')
    sql -c 'VACUUM ANALYZE' -c CHECKPOINT >/dev/null 2>&1 || true
}

# Who asks for what: a token for each network (its hub books for its members' patients), searches of a week of a practice and of a network, and, where
# there is somebody to book with, bookings of slots that any of the network may have, each once. `errand` has the same for pgbench.
write_requests() {
    local network kind line
    sql >"$work/places" -v networks="$networks" <<'EOT'
TRUNCATE bench_rival.place, bench_rival.errand;
WITH has AS (
    SELECT DISTINCT r.above AS network, r.organisation AS practice FROM referral.schedule_template t JOIN referral.reach r ON r.organisation = t.organisation
    JOIN referral.organisation o ON o.code = r.above AND o.kind = 'network'
), chosen AS (
    SELECT min(network) AS network FROM (SELECT network, ntile(:networks) OVER (ORDER BY network) AS part FROM (SELECT DISTINCT network FROM has) n) m GROUP BY part
)
INSERT INTO bench_rival.place SELECT row_number() OVER (ORDER BY network, practice), practice, network FROM has JOIN chosen USING (network);
ANALYZE bench_rival.place;
SELECT DISTINCT network FROM bench_rival.place ORDER BY 1;
EOT
    while read -r network; do
        "$bin/pcnctl" token --issuer-dir "$state_dir/issuer" --role network-manager --org "$network" --ttl 7200
    done <"$work/places" >"$work/tokens"
    places=$(sql -c 'SELECT count(*) FROM bench_rival.place')
    for kind in practice network; do
        sql >"$work/search-$kind" -c "SELECT DISTINCT dense_rank() OVER (ORDER BY p.network) || ' /v1/slots?' ||
            CASE '$kind' WHEN 'network' THEN 'network=' || p.network ELSE 'organisation=' || p.practice END || '&pageSize=50&from=' || d::date || '&to=' || d::date + 6
            FROM bench_rival.place p CROSS JOIN generate_series(current_date + 1, current_date + 14, interval '1 day') d"
    done
    cat "$work/search-practice" "$work/search-network" >"$work/search-both"
}

write_bookings() {
    sql >"$work/bookings" <<'EOT'
INSERT INTO bench_rival.errand
SELECT row_number() OVER (ORDER BY hashtext(s.id::text)), p.network, a.id, s.id
FROM (SELECT p.*, t.id AS template FROM bench_rival.place p JOIN referral.schedule_template t ON t.organisation = p.practice AND t.kind IN ('core', 'video')) p
JOIN referral.slot s ON s.template = p.template AND s.start_at > now() + interval '1 day'
JOIN (SELECT x.id, x.practice, row_number() OVER (PARTITION BY x.practice ORDER BY x.id) - 1 AS number, count(*) OVER (PARTITION BY x.practice) AS count
    FROM referral.patient x) a ON a.practice = p.practice AND a.number = abs(hashtext(s.id::text || 'patient')) % a.count;
ALTER TABLE bench_rival.errand ADD UNIQUE (slot);
ANALYZE bench_rival.errand;
SELECT q.token || ' ' || e.patient || ' ' || e.slot
FROM bench_rival.errand e JOIN (SELECT network, row_number() OVER (ORDER BY network) AS token FROM bench_rival.place GROUP BY network) q USING (network)
ORDER BY e.number;
EOT
    echo 0 >"$work/booked"
}

# take_bookings COUNT: writes the next ones to work/slice. What is taken is gone; give_back COUNT says that so many of them were not asked for.
take_bookings() {
    local from
    from=$(<"$work/booked")
    [ "$((from + $1))" -le "$(wc -l <"$work/bookings")" ] || die "there are no more slots to book: $from were"
    tail -n "+$((from + 1))" "$work/bookings" | head -n "$1" >"$work/slice" || true
    echo "$((from + $1))" >"$work/booked"
}

give_back() {
    echo "$(($(<"$work/booked") - $1))" >"$work/booked"
}

# ---- sides ----

port_of() {
    case $1 in
        pcn) printf '%s' "$gateway_port" ;;
        rival) printf '%s' "$rival_port" ;;
    esac
}

# run_wrk SIDE OPERATION CONNECTIONS SECONDS: a line of JSON. Operations: practice, network (searches), book, contend.
run_wrk() {
    local side=$1 operation=$2 connections=$3 duration=$4 script=slots each=1 most=0 allowed=1000 result
    case $operation in
        book) script=book most=$((6000 * duration)) ;;
        contend) script=book each=$contenders most=$((200 * duration)) allowed=1 ;;
    esac
    [ "$most" -eq 0 ] || take_bookings "$most"
    processes_of "$side" direct >"$work/processes"
    processor_times <"$work/processes" >"$work/before"
    BENCH_LUA=$here/wrk BENCH_TOKENS=$work/tokens BENCH_SEARCHES=$work/search-$operation BENCH_BOOKINGS=$work/slice BENCH_EACH=$each BENCH_PREFIX=$(new_prefix) \
        wrk -t1 -c "$connections" -d "${duration}s" --timeout 10s -s "$here/wrk/$script.lua" "http://127.0.0.1:$(port_of "$side")" >"$work/wrk.log" 2>&1 || die "wrk failed"
    processor_times <"$work/processes" >"$work/after"
    result=$(sed -n 's/^RESULT //p' "$work/wrk.log")
    [ -n "$result" ] || die "wrk gave no result"
    jq -c --arg side "$side" --arg operation "$operation" --argjson connections "$connections" \
        --argjson cpuUs "$(processor_used "$work/before" "$work/after" "$(jq '.requests + 1' <<<"$result")")" \
        '{$side, place: "direct", $operation, $connections, rate: (.requests / .seconds), p50Us: .p50, p99Us: .p99, requests, refused, errors: .broken, $cpuUs}' \
        <<<"$result" >"$work/line"
    jq -e --argjson allowed "$allowed" '.requests > 0 and .errors <= .requests / 1000 and .refused <= .requests / $allowed' "$work/line" >/dev/null ||
        die "too many errors: $(cat "$work/line")"
    # What was asked for and not answered may have been booked.
    if [ "$most" -gt 0 ]; then
        give_back "$(jq --argjson most "$most" --argjson each "$each" '[$most - ((.requests + .connections) / $each | ceil) - 4, 0] | max' "$work/line")"
    fi
    jq -c . "$work/line"
}

# script_of NAME: the rival's statement with values that pgbench can make. From the last number, since $1 is the beginning of $10.
script_of() {
    local name=$1 number text
    local -A value
    if [ "$name" = book ]; then
        value=([1]="(SELECT ARRAY[network] FROM bench_rival.errand WHERE number = :n)" [2]="'bench'" [3]="(:prefix::text || :n::integer)"
            [4]="'\\\\\\\\x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'" [5]="now()"
            [6]="(SELECT patient FROM bench_rival.errand WHERE number = :n)" [7]="(SELECT slot FROM bench_rival.errand WHERE number = :n)"
            [8]="gen_random_uuid()" [9]="gen_random_uuid()" [10]="gen_random_uuid()")
        # shellcheck disable=SC2016
        printf '\\set k :k + 1\n\\set n :first + (:k * :clients + :client_id) / :each\n'
    else
        value=([1]="(SELECT ARRAY[network] FROM bench_rival.place WHERE number = :n)" [2]="(SELECT practice FROM bench_rival.place WHERE number = :n)"
            [3]="NULL" [4]="(current_date + 1 + :d::integer)" [5]="(current_date + 8 + :d::integer)" [6]="NULL" [7]="NULL" [8]="now()" [9]="51")
        if [ "$name" = network ]; then
            value[2]=NULL value[3]="(SELECT network FROM bench_rival.place WHERE number = :n)"
        fi
        printf '\\set n random(1, :places)\n\\set d random(0, 13)\n'
    fi
    text=$(grep -v '^--' "$here/booking/$([ "$name" = book ] && echo book || echo search).sql")
    for number in 10 9 8 7 6 5 4 3 2 1; do
        [ -z "${value[$number]:-}" ] || text=${text//\$$number/${value[$number]}}
    done
    printf '%s\n;\n' "$text"
}

# run_pgbench OPERATION CLIENTS SECONDS: a line of JSON.
run_pgbench() {
    local log=$work/pgbench.log rate first=0 each=1 most=0 name=$1 done_count
    case $1 in
        book) most=$((6000 * $3)) ;;
        contend) most=$((200 * $3)) each=$contenders name=book ;;
    esac
    if [ "$most" -gt 0 ]; then
        first=$(($(<"$work/booked") + 1))
        take_bookings "$most"
    fi
    script_of "$name" >"$work/script.sql"
    PGOPTIONS='-c plan_cache_mode=force_generic_plan -c jit=off' "$pgbench" -n -M prepared -c "$2" -j 1 -T "$3" -f "$work/script.sql" -D places="$places" -D prefix="$(new_prefix)" -D k=-1 -D clients="$2" -D first="$first" \
        -D each="$each" "$database_url" >"$log" 2>&1 || die "pgbench failed: $(head -n 5 "$log")"
    rate=$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$log")
    [ -n "$rate" ] || die "pgbench gave no result"
    grep -q '^number of failed transactions: 0 ' "$log" || die "pgbench: $(grep '^number of failed' "$log")"
    done_count=$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$log")
    # Clients do not keep step: one may be far before the others.
    [ "$most" -eq 0 ] || give_back "$((most > 2 * done_count / each + 100 ? most - 2 * done_count / each - 100 : 0))"
    jq -n -c --arg operation "$1" --argjson connections "$2" --argjson rate "$rate" '{side: "pgbench", place: "direct", $operation, $connections, $rate}'
}

# Live bookings on our side and on theirs. Two of one slot cannot be: unique indexes of the same kind are on both.
count_bookings() {
    sql -c "SELECT json_build_object('pcn', (SELECT count(*) FROM referral.appointment), 'rival', (SELECT count(*) FROM bench_rival.appointment))"
}

# Both sides and pgbench, one right after the other; who begins changes from round to round.
run_round() {
    local round=$1 duration=$2 what operation connections side sides=(pcn rival)
    [ $((round % 2)) -eq 1 ] || sides=(rival pcn)
    sql -c CHECKPOINT >/dev/null 2>&1 || true
    for what in practice:32 network:32 book:32 book:128 contend:64; do
        operation=${what%:*} connections=${what#*:}
        for side in "${sides[@]}"; do
            run_wrk "$side" "$operation" "$connections" "$duration" | jq -c --argjson round "$round" '. + {$round, phase: "sides"}' >>"$results"
        done
        if [ "$connections" -ne 128 ]; then
            run_pgbench "$operation" 8 "$duration" | jq -c --argjson round "$round" '. + {$round, phase: "sides"}' >>"$results"
        fi
    done
}

# Few connections: what a search takes is asked, not what the machine can bear. Both sizes by turns; round 0 warms up.
measure_sizes() {
    local round operation size
    for ((round = 0; round <= rounds; round++)); do
        for operation in practice network; do
            for size in $([ $((round % 2)) -eq 1 ] && echo few all || echo all few); do
                use "$size"
                run_wrk pcn "$operation" 4 "$seconds" | jq -c --arg phase "$size" --argjson round "$round" '. + {$round, $phase}' >>"$results"
            done
        done
    done
}

# prepare few|all PRACTICES: an instance with the slots of so many practices, and a gateway to it. Who only searches may find them made.
prepare() {
    use "$1"
    slots=$(sql -c 'SELECT count(*) FROM referral.slot')
    [ "$slots" = 0 ] || [ "$sizes_only" = yes ] || die "there are slots in this instance already"
    import_england
    sql -c 'SET client_min_messages = warning' -f "$here/schema.sql" -f "$here/booking/schema.sql" >/dev/null
    start_gateway
    [ "$slots" -gt 0 ] || make_slots "$2"
    write_requests
}

# write_result NAME: what was measured, with the morning's trials from standard input, as figures in the instance's folder and as tables.
write_result() {
    cat >"$work/trials.json"
    jq -s --slurpfile targets "$here/targets.json" --slurpfile morning "$work/trials.json" --argjson seconds "$seconds" --argjson part "$part" \
        --argjson few "$few" --argjson slots "$slots" --arg at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --argjson took $((SECONDS - started)) \
        --argjson cpus "$(nproc)" --argjson busy "$busy" --argjson bookings "${made:-null}" -f "$here/booking.jq" "$results" >"$work/result.json"
    [ "$1" = sizes ] || jq -r -f "$here/booking_markdown.jq" "$work/result.json"
    jq -r -f "$here/sizes_markdown.jq" "$work/result.json"
    mkdir -p "$state_dir/bench"
    cp "$work/result.json" "$state_dir/bench/.$1.json"
    mv -f "$state_dir/bench/.$1.json" "$state_dir/bench/$1.json"
}

started=$SECONDS
busy=$(measure_busy)
if [ "$busy" -gt 15 ]; then
    say "others keep the machine $busy% busy: the ratios will be off"
fi
say "making ten thousand slots"
prepare few "$few_practices"
few=$slots few_gateway=("$gateway_port" "$gateway_pid")
say "making all slots"
prepare all ALL
all_gateway=("$gateway_port" "$gateway_pid")
say "searches in $few and in $slots slots"
measure_sizes
use all
if [ "$sizes_only" = yes ]; then
    write_result sizes </dev/null
    exit 0
fi
write_bookings
start_rival
say "warming up"
run_round 0 "$warm_seconds"
for ((round = 1; round <= rounds; round++)); do
    say "round $round of $rounds"
    run_round "$round" "$seconds"
done
made=$(count_bookings)
say "England's morning"
measure_morning >"$work/morning.json"

# What was answered 201 was booked; what was cut off at a round's end may have been as well.
answered=$(jq -s '[.[] | select(.side == "pcn" and (.operation == "book" or .operation == "contend")) | .requests - .refused] | add' "$results")
jq -e --argjson answered "$answered" '.pcn >= $answered' <<<"$made" >/dev/null || die "$answered bookings were answered for: $made were made"

write_result booking <"$work/morning.json"
