# shellcheck shell=bash
# ./pcn test: everything a change has to pass, each part by itself on request. Build folders stand beside the release's.

test_passed=0
test_failed=0
test_failures=()
test_jobs=$(nproc)
test_gcc_options=(-DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=gcc -DBUILD_TESTING=ON)
test_clang_label="all, with clang, sanitizers and fuzzers"
test_clang_options=(-DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang "-DPCN_SANITIZE=address,undefined" -DPCN_FUZZ=ON
    -DBUILD_TESTING=ON)

# test_count NAME COMMAND…: one check; its output is shown only if it fails.
test_count() {
    local name=$1 log started=$SECONDS
    shift
    log=$(mktemp)
    say_progress "$name"
    if "$@" >"$log" 2>&1 </dev/null; then
        test_passed=$((test_passed + 1))
        say "passed: $name ($((SECONDS - started)) s)"
    else
        test_failed=$((test_failed + 1))
        test_failures+=("$name")
        say_clear
        tail -n 200 "$log"
        say "FAILED: $name"
    fi
    rm -f "$log"
}

# test_ctest PART DIR ARGUMENTS…: ctest's own tests count one by one.
test_ctest() {
    local part=$1 dir=$2 log line failed total
    shift 2
    log=$dir/pcn-ctest-$part.log
    say "--- $part"
    env -u PCN_STATE -u PCN_HTTP_PORT -u PCN_TCP -u PCN_DATABASE_URL ctest --test-dir "$dir" -j "$test_jobs" --output-on-failure --no-tests=error "$@" \
        2>&1 </dev/null | tee "$log" || true
    line=$(grep -E '^[0-9]+% tests passed' "$log" | tail -n 1 || true)
    if [[ $line =~ ([0-9]+)\ tests?\ failed\ out\ of\ ([0-9]+) ]]; then
        failed=${BASH_REMATCH[1]}
        total=${BASH_REMATCH[2]}
        test_passed=$((test_passed + total - failed))
        test_failed=$((test_failed + failed))
        [ "$failed" -eq 0 ] || test_failures+=("$part")
    else
        test_failed=$((test_failed + 1))
        test_failures+=("$part: ctest did not run")
    fi
}

# test_build PART DIR LABEL -- ARGUMENTS…: false, and counted, where it does not build.
test_build() {
    local part=$1 dir=$2 label=$3
    shift 3
    if ! (build_run "$dir" "$label" "$@"); then
        test_failed=$((test_failed + 1))
        test_failures+=("$part: does not build")
        return 1
    fi
}

test_build_gcc() {
    test_build "$1" "$build_dir" "all, with gcc" -- "${test_gcc_options[@]}"
}

test_unit() {
    test_build_gcc unit || return 0
    test_ctest unit "$build_dir" -L '^unit$'
}

test_integration() {
    test_build_gcc integration || return 0
    test_ctest integration "$build_dir" -L '^integration$'
}

# One build for sanitizers, fuzzers and clang's warnings.
test_build_clang() {
    test_build "$1" "$build_dir-clang" "$test_clang_label" -- "${test_clang_options[@]}"
}

# Under sanitizers: what needs no whole platform.
test_asan() {
    test_build_clang asan || return 0
    ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 \
        test_ctest asan "$build_dir-clang" -L '^(unit|integration)$' -E '^integration/(platform|faults|abuse|example)/'
}

test_fuzz() {
    test_build_clang fuzz || return 0
    test_ctest fuzz "$build_dir-clang" -L '^fuzz$'
}

# ./pcn test chaos --minutes N [--seed S]: random faults under load for so long. What it prints is the result, so it is not hidden.
test_chaos() {
    local minutes=10 arguments=()
    while [ $# -gt 0 ]; do
        case $1 in
            --minutes)
                [[ ${2:-} =~ ^[1-9][0-9]{0,4}$ ]] || die "test chaos: --minutes takes a number from 1 to 99999"
                minutes=$2
                ;;
            --seed)
                [[ ${2:-} =~ ^[0-9]{1,18}$ ]] || die "test chaos: --seed takes a number"
                arguments+=(--seed "$2")
                ;;
            *) die "test chaos: $1 is not known; there are --minutes N and --seed S" ;;
        esac
        shift 2
    done
    package_ensure "${package_runtime[@]}" "${package_build[@]}" "${package_test[@]}"
    build_run "$build_dir" "the test of chaos" ptest_faults_chaos -- "${test_gcc_options[@]}"
    env -u PCN_STATE -u PCN_HTTP_PORT -u PCN_DATABASE_URL PCN_BUILD="$build_dir" \
        "$build_dir/tests/ptest_faults_chaos" --seconds $((60 * minutes)) "${arguments[@]}" </dev/null
}

# Everybody may count: daemons that root starts run as another user, and what they are made of is counted in other processes too.
test_coverage_prepare() {
    local note
    while IFS= read -r note; do
        : >"${note%.gcno}.gcda"
        chmod 666 "${note%.gcno}.gcda"
    done < <(find "$1" -name '*.gcno')
}

# ./pcn test coverage: what unit and integration tests run through, of our own code; those whose daemons are killed count nothing. A test
# that fails (counting takes time) makes the figures no better, so it is told and does not end it.
test_coverage() {
    local dir=$build_dir-coverage
    [ $# -eq 0 ] || die "test coverage takes no arguments"
    package_ensure "${package_runtime[@]}" "${package_build[@]}" "${package_test[@]}" "${package_coverage[@]}"
    test_build coverage "$dir" "all, to count what runs" -- -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=gcc -DPCN_COVERAGE=ON -DBUILD_TESTING=ON
    test_coverage_prepare "$dir"
    test_ctest coverage "$dir" -L '^(unit|integration)$' -E '^integration/(faults|abuse|example)/|^integration/(platform/(client|examples|tour)|client/installed)$'
    gcovr --root "$PCN_CLONE" --object-directory "$dir" --filter "$PCN_CLONE/(common|services)/" --exclude '.*/main\.c$' --gcov-ignore-parse-errors \
        --exclude-unreachable-branches --exclude-throw-branches --json "$dir/coverage.json" "$dir"
    /usr/bin/python3 "$PCN_CLONE/tests/support/coverage.py" "$dir/coverage.json" >"$dir/coverage.md"
    say "the figures are in $dir/coverage.md"
}

test_static_build() {
    (build_run "$@")
}

# Its findings without the paths that lead to them; `clang-tidy -p build-clang FILE` shows those too.
test_static_tidy() {
    run-clang-tidy -quiet -j "$test_jobs" -p "$build_dir-clang" "^$PCN_CLONE/(common|services)/.*\\.c$" 2>&1 |
        sed 's/\x1b\[[0-9;]*m//g' | grep -A 2 -iw error
    return "${PIPESTATUS[0]}"
}

test_static() {
    say "--- static"
    test_count "gcc builds it without a warning" test_static_build "$build_dir" "all, with gcc" -- "${test_gcc_options[@]}"
    test_count "clang builds it without a warning" test_static_build "$build_dir-clang" "$test_clang_label" -- "${test_clang_options[@]}"
    test_count "clang-tidy" test_static_tidy
    test_count "cppcheck" cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 -j "$test_jobs" \
        --suppress=literalWithCharPtrCompare --suppress=arrayIndexThenCheck -D_GNU_SOURCE -I"$PCN_CLONE" \
        "$PCN_CLONE/common" "$PCN_CLONE/services"
    test_count "documents of the interface" "$PCN_CLONE/tests/contract/run.sh" documents "$build_dir/contract" "$build_dir/pcn_proto"
    local scripts=("$PCN_CLONE/pcn" "$PCN_CLONE"/tools/pcn.d/*.sh) script
    while IFS= read -r script; do
        scripts+=("$script")
    done < <(find "$PCN_CLONE/tests" "$PCN_CLONE/docker" "$PCN_CLONE/docs" -name node_modules -prune -o -name '*.sh' -print | sort)
    test_count "shellcheck" shellcheck --severity=warning "${scripts[@]}"
}

command_test() {
    case ${1:-} in
        chaos | coverage)
            "test_$1" "${@:2}"
            return
            ;;
    esac
    local part parts=("$@") started=$SECONDS
    [ ${#parts[@]} -gt 0 ] || parts=(unit integration asan fuzz static)
    for part in "${parts[@]}"; do
        case $part in
            unit | integration | fuzz | asan | static) ;;
            *) die "test: $part is not a part; there are unit, integration, asan, fuzz, static" ;;
        esac
    done
    local wanted=("${package_test[@]}")
    command -v npm >/dev/null || wanted+=(npm) # Node.js from elsewhere brings its own
    package_ensure "${package_runtime[@]}" "${package_build[@]}" "${wanted[@]}"
    for part in "${parts[@]}"; do
        "test_$part"
    done
    for part in "${test_failures[@]}"; do
        say "failed: $part"
    done
    say "took $((SECONDS - started)) s"
    say "$test_passed passed, $test_failed failed"
    [ "$test_failed" -eq 0 ]
}
