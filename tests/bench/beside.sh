# shellcheck shell=bash
# What run.sh measures besides its rounds: processor time and memory by process, a load at a constant rate, events, the wire alone. With
# common.sh's words; `measured` is the service that answers; state_dir, bin, work, programs, here, token, run_wrk, rounds, seconds and the ports
# are run.sh's.

# process_of NAME: its id in the instance, as the supervisor tells it.
process_of() {
    awk -v name="$1" '$1 == name { print $2 }' "$state_dir/run/supervisor.pids"
}

# The processes that do a request's work, a line "what id" each. What is done behind the answers (numbering events, chaining the audit trail,
# other services' copies of what changed) stands apart. Nothing of a server elsewhere can be told.
processes_of() {
    local side=$1 place=$2 id name
    case $side/$place in
        pcn/direct) printf 'gateway %s\n' "$gateway_pid" ;;
        pcn/edge) printf 'gateway %s\nhaproxy %s\n' "$(process_of gateway)" "$(process_of haproxy)" ;;
        rival/direct) printf 'rival %s\n' "$rival_pid" ;;
        rival/edge) printf 'rival %s\nhaproxy %s\n' "$rival_pid" "$rival_edge_pid" ;;
    esac
    if [ "$side" = pcn ]; then
        for name in registry referral; do
            printf '%s %s\n' "$([ "$name" = "$measured" ] && echo "$name" || echo behind)" "$(process_of "$name")"
        done
    fi
    for id in $(pgrep -P "$(process_of postgresql)" || true); do
        if tr '\0' ' ' 2>/dev/null <"/proc/$id/cmdline" | grep -E ' pcn_(registry|referral)_[a-z]+ ' | grep -qv " pcn_${measured}_app "; then
            printf 'behind %s\n' "$id"
        else
            printf 'postgresql %s\n' "$id"
        fi
    done
}

# Processor time of each so far, in nanoseconds: "what id time".
processor_times() {
    local what id
    while read -r what id; do
        if [ -n "$id" ]; then
            # One that ended meanwhile has none.
            { cat "/proc/$id"/task/*/schedstat 2>/dev/null || true; } |
                awk -v what="$what" -v id="$id" '{ sum += $1 } END { printf "%s %s %.0f\n", what, id, sum }'
        fi
    done
}

# processor_used BEFORE AFTER REQUESTS: {"gateway": 41.2, …}, microseconds a request.
processor_used() {
    awk -v requests="$3" 'NR == FNR { before[$2] = $3; next }
        $3 + 0 > 0 && $2 in before { used[$1] += $3 - before[$2] }
        END { printf "{"; for (what in used) printf "%s\"%s\":%.1f", n++ ? "," : "", what, used[what] / 1000 / requests; print "}" }' "$1" "$2"
}

# What the daemons hold in memory: {"gateway": KiB, …}.
memory_held() {
    local name made='{}' id
    for name in gateway registry supervisor; do
        id=$(process_of "$name")
        made=$(jq -c --arg name "$name" --argjson kib "$(awk '/^VmRSS:/ { print $2 }' "/proc/$id/status")" '. + {($name): $kib}' <<<"$made")
    done
    printf '%s' "$made"
}

# Reads through the edge until the daemons have answered so many since the beginning; `asked` is how many they have.
answer_many() {
    local asked=$1 wanted=$2 answered
    while [ "$asked" -lt "$wanted" ]; do
        answered=$(run_wrk pcn edge read 32 5 "$edge_port" | jq .requests) || die "reading on failed"
        asked=$((asked + answered))
    done
    printf '%s' "$asked"
}

# run_rate OPERATION CONNECTIONS RATE SECONDS PORT: a line of JSON.
run_rate() {
    BENCH_TOKEN=$token BENCH_CODES=$work/codes BENCH_PREFIX=$(new_prefix) \
        "$programs/bench_rate" "$1" "$5" "$2" "$3" "$4" 2>"$work/rate.log" >"$work/rate.line" || die "the load failed: $(tail -n 1 "$work/rate.log")"
    jq -e '.requests > 0 and .refused + .broken <= .requests / 1000' "$work/rate.line" >/dev/null || die "too many errors: $(cat "$work/rate.line")"
    cat "$work/rate.line"
}

# Both sides, each at half of its own median rate.
measure_half() {
    local side operation connections round rate
    for ((round = 1; round <= rounds; round++)); do
        for operation in read create; do
            connections=$([ "$operation" = read ] && echo 32 || echo 128)
            for side in pcn rival; do
                rate=$(jq -s --arg side "$side" --arg operation "$operation" --argjson connections "$connections" \
                    '[.[] | select(.side == $side and .place == "direct" and .operation == $operation and .connections == $connections) | .rate]
                        | sort | .[length / 2 | floor] / 2 | round' "$results")
                run_rate "$operation" "$connections" "$rate" "$seconds" "$(ports_of "$side" direct)" |
                    jq -c --arg side "$side" --arg operation "$operation" --argjson rate "$rate" --argjson connections "$connections" \
                        '{$side, $operation, $connections, $rate, p50Us: .p50, p99Us: .p99, maxUs: .max}'
            done
        done
    done | jq -s -c .
}

# run_events KIND SECONDS: what a subscriber under a key of its own gets.
run_events() {
    "$programs/bench_events" "$1" "ipc://$state_dir/run/registry.rpc" "ipc://$state_dir/run/registry.pub" "$state_dir/keys" bench "$2"
}

# Live at 2,000 events a second, then the whole log from its beginning.
measure_events() {
    local pid round live=() caught=()
    "$bin/pcnctl" keys add --dir "$state_dir/keys" bench >/dev/null
    for ((round = 1; round <= rounds; round++)); do
        run_rate create 32 2000 "$((seconds + 2))" "$gateway_port" >/dev/null &
        pid=$!
        live+=("$(run_events live "$seconds")") || die "live events failed"
        wait "$pid" || die "creating at an even pace failed"
    done
    for ((round = 1; round <= rounds; round++)); do
        caught+=("$(run_events catch-up 0)") || die "catching up failed"
    done
    jq -n -c --argjson live "$(jq -s -c . <<<"${live[*]}")" --argjson catchUp "$(jq -s -c . <<<"${caught[*]}")" '{$live, $catchUp}'
}

# Messages between two processes: ZeroMQ alone, plain and with CURVE, and the platform's calls.
measure_wire() {
    local round
    for ((round = 1; round <= rounds; round++)); do
        "$programs/bench_zmq_echo" "$wire_calls" || die "the echo of ZeroMQ failed"
        "$programs/bench_rpc_echo" "$wire_calls" || die "the echo of calls failed"
    done | jq -s -c .
}
