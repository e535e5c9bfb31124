# shellcheck shell=bash
# What the user sees: a line a step; on a terminal the current step is rewritten in place.

say_is_terminal=false
[ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && say_is_terminal=true

say() {
    $say_is_terminal && printf '\r\033[K'
    printf '%s\n' "$*"
}

# Passing progress; nothing of it stays on a terminal, and elsewhere it is not shown.
say_progress() {
    if $say_is_terminal; then
        printf '\r\033[K%.*s' "$((${COLUMNS:-80} - 1))" "$*"
    fi
}

say_clear() {
    if $say_is_terminal; then
        printf '\r\033[K'
    fi
}

complain() {
    say_clear
    printf 'pcn: %s\n' "$*" >&2
}

die() {
    complain "$@"
    exit 1
}
