# shellcheck shell=bash
# England's morning: a fifth of a day's 1.4 million bookings in a quarter of an hour, and ten searches to each. With common.sh's and beside.sh's words;
# work, programs, port_of, take_bookings, give_back and morning_seconds are booking.sh's.

morning_bookings=311 morning_searches=3100 morning_limit_us=50000 morning_connections=256

# run_morning SIDE SHARE: that share of the morning at an even pace; a line of JSON. `holds`: each kind's p99 below the limit, all answered well.
run_morning() {
    local side=$1 share=$2 rate most seconds=$morning_seconds
    rate=$(jq -n --argjson share "$share" "($morning_bookings + $morning_searches) * \$share | round | [., 1] | max")
    most=$(jq -n --argjson share "$share" "$morning_bookings * \$share * $seconds | ceil + 8")
    take_bookings "$most"
    processes_of "$side" direct >"$work/processes"
    processor_times <"$work/processes" >"$work/before"
    BENCH_TOKENS=$work/tokens BENCH_SEARCHES=$work/search-both BENCH_BOOKINGS=$work/slice BENCH_PREFIX=$(new_prefix) \
        BENCH_SHARE=$(jq -n "$morning_bookings / ($morning_bookings + $morning_searches)") \
        "$programs/bench_rate" mix "$(port_of "$side")" "$morning_connections" "$rate" "$seconds" 2>"$work/rate.log" >"$work/rate.line" ||
        die "the load failed: $(tail -n 1 "$work/rate.log")"
    processor_times <"$work/processes" >"$work/after"
    give_back "$(jq --argjson most "$most" '[$most - .asked, 0] | max' "$work/rate.line")"
    jq -c --arg side "$side" --argjson share "$share" --argjson rate "$rate" --argjson limit "$morning_limit_us" \
        --argjson cpuUs "$(processor_used "$work/before" "$work/after" "$(jq '.requests + 1' "$work/rate.line")")" \
        '. + {$side, $share, $rate, $cpuUs, holds: (.refused + .broken <= .requests / 1000 and .searches.p99 < $limit and .bookings.p99 < $limit)}' "$work/rate.line"
}

# The largest share that holds, by bisection below what the rounds say is the peak: each trial, and the best one.
measure_morning() {
    local side low high share trial peak line
    for side in pcn rival; do
        peak=$(jq -s --arg side "$side" --argjson b "$morning_bookings" --argjson s "$morning_searches" '
            def rate($o): [.[] | select(.phase == "sides" and .side == $side and .operation == $o and .connections == 32) | .rate] | sort | .[length / 2 | floor];
            1 / (($s / 2) / rate("practice") + ($s / 2) / rate("network") + $b / rate("book"))' "$results")
        low=0 high=$(jq -n --argjson peak "$peak" '[$peak * 1.3, 1] | min')
        for ((trial = 1; trial <= 6; trial++)); do
            # Where the peak is beyond the morning, all of it is tried first.
            share=$(jq -n --argjson low "$low" --argjson high "$high" --argjson trial "$trial" 'if $trial == 1 and $high == 1 then 1 else ($low + $high) / 2 end')
            line=$(run_morning "$side" "$share")
            printf '%s\n' "$line"
            if jq -e .holds <<<"$line" >/dev/null; then
                low=$share
            else
                high=$share
            fi
            [ "$low" != "$high" ] || break
            # What an overload left behind is answered before the next one.
            sleep 1
        done
    done | jq -s -c .
}
