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

# data_import NAME: a folder of the data set.
data_import() {
    data_import_folder "$PCN_CLONE/tests/data/$1"
}

# data_import_folder FOLDER: all of it or nothing.
data_import_folder() {
    local log
    log=$(mktemp)
    # The token goes by the environment, which the list of processes does not show to others.
    if ! PCN_CTL_TOKEN=$(data_token) "$state_dir/bin/pcnctl" import "$1" --url "$(data_url)" >"$log" 2>&1; then
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

# data_pathways FOLDER: the pathways of its .json files, a version each, all of them or none; says what came of it, and with a problem where.
data_pathways() {
    local files=("$1"/*.json) body answer code
    [ -f "${files[0]}" ] || { echo "there is no pathway in $1: a file a version, whose name ends in .json"; return 1; }
    for code in "${files[@]}"; do
        jq -e 'type == "object"' "$code" >/dev/null 2>&1 || { echo "$code: it is not one JSON object"; return 1; }
    done
    body=$(mktemp)
    jq -s '{pathways: .}' "${files[@]}" >"$body"
    answer=$(curl -sS --max-time 60 -w '\n%{http_code}' -H @<(printf 'Authorization: Bearer %s\n' "$(data_token)") \
        -H 'Content-Type: application/json' --data-binary "@$body" "$(data_url)/v1/pathways:import" 2>&1)
    rm -f "$body"
    code=${answer##*$'\n'} answer=${answer%$'\n'*}
    if [ "$code" = 200 ]; then
        jq -r '"pathways: \(.recorded) recorded, \(.unchanged) unchanged"' <<<"$answer"
        return
    fi
    # "back-pain.json: questions[1].choices: …": the index of a field is a file's.
    jq -r '$ARGS.positional as $files | (.problems // [{field: (.field // ""), detail}])[]
        | (.field | capture("^pathways\\[(?<at>[0-9]+)\\]\\.?(?<rest>.*)$") // {at: null, rest: .}) as $place
        | [if $place.at then $files[$place.at | tonumber] else empty end, $place.rest, .detail] | map(select(. != "")) | join(": ")' \
        --args "${files[@]}" <<<"$answer" 2>/dev/null || printf '%s\n' "$answer"
    return 1
}

# Those that come with it, which nobody agreed on: to look at and to try out, never in production.
data_own_pathways() {
    local said
    [ "${PCN_ENVIRONMENT:-development}" != production ] || return 0
    said=$(data_pathways "$PCN_CLONE/services/referral/pathways") || complain "the pathways could not be recorded: $said"
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

# data_england PART: one in PART of a synthetic England with its weeks of slots, for measuring. Its organisations come as anybody's do, by an import;
# the slots, ten million where all of it is wanted, straight into the table.
data_england() {
    local part=$1 folder url started=$SECONDS wanted known made
    url=$(database_url referral owner)
    if ! data_get /v1/organisations/gp-syn-00001 >/dev/null 2>&1; then
        say_progress "importing a synthetic England"
        folder=$(mktemp -d)
        chmod 755 "$folder"
        "$PCN_CLONE/tests/support/england.py" --part "$part" "$folder/england"
        data_import_folder "$folder/england"
        rm -rf "$folder"
    fi
    wanted=$(data_get '/v1/organisations?kind=practice&pageSize=1' | jq -r .totalSize)
    # There is no event to wait for: it is the outside that is looked at.
    until known=$(data_referral "$url" -c "SELECT count(*) FROM referral.organisation WHERE kind = 'practice'") && [ "$known" -ge "$wanted" ]; do
        say_progress "booking has heard of $known of $wanted practices"
        sleep 0.5
    done
    say_progress "making slots: some minutes"
    made=$(data_referral "$url" -v "today=$(TZ=Europe/London date +%F)" -f - <"$PCN_CLONE/tests/support/simulator/england.sql") ||
        die "the slots could not be made"
    [ -z "$made" ] || say "made a synthetic England with $made in $((SECONDS - started)) s"
}

# data_referral URL ARGUMENTS…: psql, as the instance's user.
data_referral() {
    local url=$1
    shift
    state_run "$database_bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d "$url" "$@"
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
