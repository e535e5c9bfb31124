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

# Where the registry is empty, or a load was cut off: the mark is there from its beginning to its end, and loading again adds what is missing.
data_load() {
    local answer total log mark=$state_dir/etc/loading started=$SECONDS
    answer=$(data_get '/v1/organisations?pageSize=1') || die "the registry does not answer: $answer"
    total=$(jq -r '.totalSize // (.organisations | length)' <<<"$answer")
    [ "$total" -eq 0 ] || [ -e "$mark" ] || return 0
    : >"$mark"
    say_progress "loading the data set"
    log=$(mktemp)
    # The token goes by the environment, which the list of processes does not show to others.
    if ! PCN_CTL_TOKEN=$(data_token) "$state_dir/bin/pcnctl" import "$PCN_CLONE/tests/data/llr" "$PCN_CLONE/tests/data/nel" \
        --url "$(data_url)" >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "the data set could not be loaded"
    fi
    rm -f "$log" "$mark"
    say "loaded the data set in $((SECONDS - started)) s"
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
