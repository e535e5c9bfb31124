# shellcheck shell=bash
# Debian packages that each command needs: one declared list. Nothing is asked of the network where all are there.

package_runtime=(haproxy postgresql-15 postgresql-client-15 curl jq libuv1 libzmq5 libprotobuf-c1 libpq5 libjansson4 libmicrohttpd12
    libcurl4 libssl3)
package_build=(build-essential cmake ninja-build pkg-config libuv1-dev libzmq3-dev protobuf-compiler protobuf-c-compiler
    libprotobuf-c-dev libprotobuf-dev python3 python3-protobuf libpq-dev libjansson-dev libmicrohttpd-dev libcurl4-openssl-dev libssl-dev)
package_test=(libcmocka-dev clang clang-tidy libclang-rt-14-dev cppcheck shellcheck nodejs)
package_coverage=(gcovr)
package_bench=(wrk nodejs)

package_missing() {
    local package
    for package in "$@"; do
        # shellcheck disable=SC2016  # ${...} is dpkg-query's
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            printf '%s\n' "$package"
        fi
    done
}

# Runs as root: directly, or through sudo, which may ask for a password only on a terminal.
package_as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif ! command -v sudo >/dev/null; then
        die "packages are missing and there is no sudo: as root, run: apt-get install ${package_wanted[*]}"
    elif sudo -n true 2>/dev/null; then
        sudo -n "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        die "packages are missing and sudo wants a password: as root, run: apt-get install ${package_wanted[*]}"
    fi
}

# As root. The packages' own services stay off: no cluster of Debian's is made, and nothing is started. The machine is left as found.
# shellcheck disable=SC2016  # expanded by the inner shell
package_installer='
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.d/pcn-none.conf
kept="" made=""
clean() {
    rm -f "$cluster"
    if [ -n "$made" ]; then rmdir "$made" 2>/dev/null || true; rmdir "${made%/*}" 2>/dev/null || true; fi
    rm -f "$policy"
    if [ -n "$kept" ]; then mv -f "$kept" "$policy"; fi
}
trap clean EXIT
trap "exit 1" INT TERM HUP
if [ -e "$policy" ] || [ -L "$policy" ]; then kept=$(mktemp "$policy.XXXXXX"); mv -f "$policy" "$kept"; fi
printf "#!/bin/sh\nexit 101\n" >"$policy"
chmod 755 "$policy"
if [ ! -d "${cluster%/*}" ]; then made=${cluster%/*}; mkdir -p "$made"; fi
echo "create_main_cluster = false" >"$cluster"
# A source of the machine that does not answer is not ours to mend; what matters is whether the packages come.
apt-get -q -o DPkg::Lock::Timeout=120 update || true
apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    install --no-install-recommends "$@"
'

# package_ensure PACKAGE…
package_ensure() {
    local missing log
    missing=$(package_missing "$@")
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || die "missing: ${missing//$'\n'/ } (this is not Debian: install what they stand for)"
    local -a package_wanted
    mapfile -t package_wanted <<<"$missing"
    say "installing ${#package_wanted[@]} packages: ${package_wanted[*]}"
    log=$(mktemp)
    if ! package_as_root sh -c "$package_installer" pcn-packages "${package_wanted[@]}" >"$log" 2>&1 </dev/null; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        die "the packages could not be installed"
    fi
    rm -f "$log"
}
