# shellcheck shell=bash
# ./pcn bench: tests/bench/run.sh, england.sh or booking.sh, on an instance of its own, so that nobody's registry fills up with what is measured.

bench_free_port() {
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        instance_port=$((20000 + RANDOM % 12000))
        instance_port_is_busy "$instance_port" || return 0
    done
    die "no free port was found"
}

bench_clean_few() {
    [ -n "${bench_few_given:-}" ] && [ -e "$bench_few_given" ] || return 0
    PCN_STATE=$bench_few_given "$PCN_CLONE/pcn" down >/dev/null 2>&1 || true
    [ ! -L "$bench_few_given" ] || rm -rf "$(readlink "$bench_few_given")"
    rm -rf "$bench_few_given"
}

bench_clean() {
    trap '' INT TERM HUP
    bench_clean_few
    if state_find; then
        instance_stop >/dev/null || true
        rm -rf "${state_dir:?}"
    fi
    rm -rf "${state_given:?}"
}

# bench_start PACKAGE…: such an instance, up and loaded.
bench_start() {
    package_ensure "${package_runtime[@]}" "${package_build[@]}" "$@"
    bench_free_port
    state_given=$(state_path)-bench
    bench_clean
    trap 'exit 130' INT TERM HUP
    trap bench_clean EXIT
    local began=$SECONDS
    PCN_STATE=$state_given PCN_HTTP_PORT=$instance_port "$PCN_CLONE/pcn" up --detach --no-demo >/dev/null
    up_seconds=$((SECONDS - began))
    state_find || die "the instance to measure did not start"
}

# bench_start_few: another one beside it, which gets few rows. Sets bench_few_given and bench_few_port.
bench_start_few() {
    local own=$instance_port
    bench_free_port
    bench_few_port=$instance_port instance_port=$own bench_few_given=$state_given-few
    bench_clean_few
    PCN_STATE=$bench_few_given PCN_HTTP_PORT=$bench_few_port "$PCN_CLONE/pcn" up --detach --no-demo >/dev/null
}

# bench_keep FROM TO: the figures outlive the instance.
bench_keep() {
    if [ -f "$state_dir/bench/$1" ]; then
        cp "$state_dir/bench/$1" "$build_dir/$2"
        say "the figures are in $build_dir/$2"
    fi
}

bench_england() {
    local code=0
    bench_start wrk
    PCN_STATE_DIR=$state_dir PCN_HTTP_PORT=$instance_port "$PCN_CLONE/tests/bench/england.sh" "$@" || code=$?
    bench_keep england.json bench-england.json
    return "$code"
}

# bench_beside SCRIPT RESULT KEPT ARGUMENTS…: a measure next to Fastify with pg and to pgbench.
bench_beside() {
    local script=$1 result=$2 kept=$3 wanted=("${package_bench[@]}") code=0
    shift 3
    command -v npm >/dev/null || wanted+=(npm)
    # First what is measured with, so that the start's time is the start's alone.
    package_ensure "${package_runtime[@]}" "${package_build[@]}" "${wanted[@]}"
    build_release
    build_run "$build_dir" "the measure" bench_programs --
    bench_start "${wanted[@]}"
    if [ "$script" = booking.sh ]; then
        bench_start_few
        PCN_BENCH_FEW_STATE_DIR=$(readlink -f "$bench_few_given")
        export PCN_BENCH_FEW_STATE_DIR PCN_BENCH_FEW_HTTP_PORT=$bench_few_port
    fi
    PCN_BENCH_PROGRAMS=$build_dir/tests/bench PCN_BENCH_UP_SECONDS=$up_seconds PCN_STATE_DIR=$state_dir PCN_HTTP_PORT=$instance_port \
        "$PCN_CLONE/tests/bench/$script" "$@" || code=$?
    bench_keep "$result" "$kept"
    bench_keep sizes.json bench-sizes.json
    return "$code"
}

command_bench() {
    case ${1:-} in
        england) bench_england "${@:2}" ;;
        booking) bench_beside booking.sh booking.json bench-booking.json "${@:2}" ;;
        *) bench_beside run.sh result.json bench.json "$@" ;;
    esac
}
