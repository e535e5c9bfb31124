# shellcheck shell=bash
# Building, quietly: a counter on a terminal, errors in full.

build_dir=${PCN_BUILD:-$PCN_CLONE/build}

# Services of the contract: what has migrations.
build_services() {
    local path
    for path in "$PCN_CLONE"/services/*/migrations; do
        if [ -f "${path%/*}/main.c" ]; then
            basename "${path%/*}"
        fi
    done
}

# Daemons in the order in which they need each other; the gateway comes last.
build_daemons() {
    build_services
    echo gateway
}

# build_run DIR LABEL TARGETS -- CMAKE ARGUMENTS
build_run() {
    local dir=$1 label=$2 targets=() log started=$SECONDS line
    shift 2
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        targets+=("$1")
        shift
    done
    [ $# -eq 0 ] || shift
    mkdir -p "$dir"
    local lock
    exec {lock}<"$dir"
    flock "$lock"
    log=$dir/pcn-build.log
    say_progress "building $label: configuring"
    # The first time twice: CMake 3.25 puts include folders of pkg-config elsewhere on the command line once they are in its cache, and the
    # next configuration would then build everything again.
    local again=(true)
    [ -f "$dir/build.ninja" ] || again=(cmake -B "$dir")
    if ! { cmake -S "$PCN_CLONE" -B "$dir" -G Ninja "$@" && "${again[@]}"; } >"$log" 2>&1 {lock}<&-; then
        cat "$log" >&2
        die "cmake failed"
    fi
    if ! NINJA_STATUS='[%f/%t] ' ninja -C "$dir" "${targets[@]}" 2>&1 {lock}<&- | tee "$log" | while IFS= read -r line; do
        case $line in \[*) say_progress "building $label: ${line%%]*}]" ;; esac
    done; then
        say_clear
        grep -v '^\[' "$log" | head -n 100 >&2
        die "the build failed (in $dir)"
    fi
    exec {lock}<&-
    say_clear
    if ! grep -q 'no work to do' "$log"; then
        say "built $label in $((SECONDS - started)) s"
    fi
}

# build_release TARGETS…: only what is needed to run, and these. A folder that holds tests too keeps them.
build_release() {
    local daemon targets=(pcn-supervisor pcnctl "$@") options=(-DCMAKE_BUILD_TYPE=RelWithDebInfo)
    [ -f "$build_dir/build.ninja" ] || options+=(-DBUILD_TESTING=OFF)
    for daemon in $(build_daemons); do
        targets+=("pcn-$daemon")
    done
    build_run "$build_dir" release "${targets[@]}" -- "${options[@]}"
}
