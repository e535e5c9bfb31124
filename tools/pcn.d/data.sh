# shellcheck shell=bash
# The data set in the running registry, over the same calls that anybody has.

data_url() {
    printf 'http://127.0.0.1:%s\n' "$instance_port"
}

data_token() {
    state_run "$state_dir/bin/pcnctl" token --issuer-dir "$state_dir/issuer" --role system-manager --org ics-llr --ttl 600
}

# data_get PATH: the answer's body. The token goes by a file descriptor, not by the list of processes.
data_get() {
    curl -sS --fail-with-body --max-time 30 -H @<(printf 'Authorization: Bearer %s\n' "$(data_token)") "$(data_url)$1"
}

# data_import FOLDER: all of it or nothing.
data_import() {
    local log
    log=$(mktemp)
    # The token goes by the environment, which the list of processes does not show to others.
    if ! PCN_CTL_TOKEN=$(data_token) "$state_dir/bin/pcnctl" import "$PCN_CLONE/tests/data/$1" --url "$(data_url)" >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "the data set could not be loaded"
    fi
    rm -f "$log"
}

# Where the registry is empty. A load that was cut off between its two folders goes on where LLR is there and north east London is not.
data_load() {
    local answer total folder folders=(llr nel) started=$SECONDS
    answer=$(data_get '/v1/organisations?pageSize=1') || die "the registry does not answer: $answer"
    total=$(jq -r '.totalSize // (.organisations | length)' <<<"$answer")
    if [ "$total" -ne 0 ]; then
        if data_get /v1/organisations/ics-nel >/dev/null 2>&1 || ! data_get /v1/organisations/ics-llr >/dev/null 2>&1; then
            return
        fi
        folders=(nel)
    fi
    say_progress "loading the data set"
    for folder in "${folders[@]}"; do
        data_import "$folder"
    done
    say "loaded the data set in $((SECONDS - started)) s"
}

# Whether the demonstration is wanted: not with --no-demo or PCN_DEMO=no, and never in production, which has no issuer of ours.
data_wants_demo() {
    [ "${PCN_DEMO:-yes}" != no ] && [ "${PCN_ENVIRONMENT:-development}" != production ]
}

# What is shown beside the data set: made up, marked synthetic, slots from today on. At every start what is missing of it is made; only where
# LLR's practices are there. A platform without it runs as well, so what goes wrong here is said and ends nothing.
data_demo() {
    local simulator=$state_dir/bin/pcn-simulator log started=$SECONDS arguments=(--state "$state_dir")
    data_get /v1/organisations/ics-llr >/dev/null 2>&1 || return 0
    say_progress "making the demonstration"
    if ! cmp -s "$build_dir/tests/support/simulator/pcn-simulator" "$simulator"; then
        install -m 755 "$build_dir/tests/support/simulator/pcn-simulator" "$simulator"
    fi
    [ -S "$state_dir/run/gateway.http" ] || arguments+=(--url "$(data_url)")
    log=$(mktemp)
    if ! state_run "$simulator" "${arguments[@]}" >"$log" 2>&1; then
        complain "the demonstration could not be made: $(tail -n 1 "$log")"
    elif [ -s "$log" ]; then
        say "made the demonstration in $((SECONDS - started)) s"
    fi
    rm -f "$log"
}

# "183 organisations: 134 practice, 25 network, …"
data_summary() {
    local token="" page counts=""
    while :; do
        page=$(data_get "/v1/organisations?pageSize=1000${token:+&pageToken=$token}") || return 0
        counts+=$(jq -r '.organisations[].kind' <<<"$page")$'\n'
        token=$(jq -r '.nextPageToken // "" | @uri' <<<"$page")
        [ -n "$token" ] || break
    done
    sed '/^$/d' <<<"$counts" | sort | uniq -c | sort -k1,1nr -k2 |
        awk '{ sum += $1; list = list (NR > 1 ? ", " : ": ") $1 " " $2 } END { print sum + 0 " organisations" list }'
}
