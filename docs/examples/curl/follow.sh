#!/usr/bin/env bash
# Follows a PCN service with nothing but curl and jq, and keeps what it saw in a file, a line an event. The file is the store and the place
# in one: a line holds the event's place and the log's epoch. So this may be killed at any moment and started again: every event is in
# the file once.
#
#     follow.sh URL TOKEN_FILE FILE
#
# TOKEN_FILE holds the bearer token, is read before every request, and is yours to keep fresh.
set -euo pipefail
[ $# -eq 3 ] || { echo "usage: $0 URL TOKEN_FILE FILE" >&2; exit 2; }
url=${1%/} token_file=$2 file=$3 service=registry
touch "$file"

# What a kill left unfinished has no newline at its end.
if [ -n "$(tail -c 1 "$file")" ]; then
    truncate -s "$(head -n -1 "$file" | wc -c)" "$file"
fi
place=0 epoch=""
if [ -s "$file" ]; then
    IFS=$'\t' read -r place _ _ epoch < <(tail -n 1 "$file")
fi

# The token goes by a descriptor: an argument could be read by everybody on the machine.
ask() {
    curl -sS --connect-timeout 5 -H @<(printf 'Authorization: Bearer %s\n' "$(cat "$token_file")") "$@"
}

# Lines of "place type subject epoch", in order and without a gap. Written by this very shell, so that nothing of ours writes on after it.
keep() {
    printf '%s\n' "$1" >>"$file"
    printf '%s\n' "$1"
    IFS=$'\t' read -r place _ _ epoch <<<"${1##*$'\n'}"
}

# All there is behind the place. False where the service did not answer.
pages() {
    local answer body status lines
    while :; do
        answer=$(ask -m 30 -w '\n%{http_code}' -G "$url/v1/events/$service" -d after="$place" -d limit=1000 ${epoch:+-d epoch="$epoch"}) ||
            return 1
        status=${answer##*$'\n'} body=${answer%$'\n'*}
        if [ "$status" = 410 ]; then
            echo "place $place is gone: $(jq -r '.detail // empty' <<<"$body")" >&2
            exit 3
        fi
        [ "$status" = 200 ] || { echo "pages: HTTP $status: $(jq -r '.detail // empty' <<<"$body")" >&2; return 1; }
        lines=$(jq -r '.epoch as $epoch | .events[] | [.sequence, .type, .subject, $epoch] | @tsv' <<<"$body")
        epoch=$(jq -r .epoch <<<"$body")
        [ -n "$lines" ] || return 0
        keep "$lines"
    done
}

# Live, until the stream ends. Its ids are opaque; the last one resumes it, so that a stream that ends between two events misses none.
stream_id=""
stream() {
    local line event="" data="" sequence rest
    local -a from=(-d after="$place")
    [ -z "$stream_id" ] || from=(-H "Last-Event-ID: $stream_id")
    while IFS= read -r line; do
        line=${line%$'\r'}
        case $line in
        "id:"*) stream_id=${line#id:} stream_id=${stream_id# } ;;
        "event:"*) event=${line#event:} event=${event# } ;;
        "data:"*) data=${line#data:} data=${data# } ;;
        "")
            if [ "$event" = gone ]; then
                echo "the stream's place is gone: take a snapshot" >&2
                exit 3
            fi
            if [ -n "$data" ] && [ "$event" != heartbeat ]; then
                IFS=$'\t' read -r sequence rest < <(jq -r '[.sequence, .type, .subject] | @tsv' <<<"$data")
                if [ "$sequence" -eq $((place + 1)) ]; then
                    keep "$sequence"$'\t'"$rest"$'\t'"$epoch"
                elif [ "$sequence" -gt "$place" ]; then
                    return 0 # a gap: pages fill it
                fi
            fi
            event="" data=""
            ;;
        esac
    done < <(ask -N --fail -G "$url/v1/events/stream" -H 'Accept: text/event-stream' -d services="$service" "${from[@]}" || true)
}

while :; do
    if pages; then
        stream
    fi
    sleep 1 # what a stream asks for before it is opened again
done
