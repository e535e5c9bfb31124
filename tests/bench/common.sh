# shellcheck shell=bash
# What the measures share: words, a free port, and a gateway without an edge before it. Sets nothing by itself but the paths of this folder.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
clone=$(cd "$here/../.." && pwd)
pids=()

die() {
    printf 'bench: %s\n' "$*" >&2
    exit 1
}

say() {
    printf '%s\n' "$*" >&2
}

number() {
    [[ $2 =~ ^[1-9][0-9]{0,3}$ ]] || die "$1 is a number from 1 to 9999, not $2"
    printf '%s' "$2"
}

# Ends what was started.
stop_programs() {
    local pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in "${pids[@]}"; do
        wait "$pid" 2>/dev/null || true
    done
}

# With database_url.
sql() {
    psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$database_url" "$@"
}

# A port of 127.0.0.1 that nobody listens on.
free_port() {
    local port hex
    while :; do
        port=$((20000 + RANDOM % 12000))
        hex=$(printf '%04X' "$port")
        if ! awk -v port="$hex" '{ n = split($2, part, ":"); if (part[n] == port) found = 1 } END { exit !found }' /proc/net/tcp; then
            printf '%s' "$port"
            return
        fi
    done
}

# await NAME FIFO: a line on the pipe says that the program is ready.
await() {
    local line
    read -r -t 30 line <&"$2" && [ "$line" = ready ] || die "$1 did not get ready: $(tail -n 3 "$work/$1.log")"
}

# A second replica of the gateway, on a port instead of a socket: the way to it without the edge. As root it runs as the instance's user.
# Sets gateway_port and gateway_pid; with work, state_dir and bin.
start_gateway() {
    local as=() owner fd
    owner=$(stat -c %u "$state_dir/keys")
    mkdir -p "$work/gateway"
    if [ "$(id -u)" -eq 0 ] && [ "$owner" -ne 0 ]; then
        chmod 711 "$work"
        chown "$owner" "$work/gateway"
        as=(setpriv "--reuid=$owner" "--regid=$(stat -c %g "$state_dir/keys")" --clear-groups)
    fi
    gateway_port=$(free_port)
    mkfifo "$work/gateway.ready"
    exec {fd}<>"$work/gateway.ready"
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 PCN_STATE_DIR="$state_dir" PCN_ENVIRONMENT=development PCN_READY_FD=9 \
        PCN_GATEWAY_HTTP_LISTEN="127.0.0.1:$gateway_port" PCN_GATEWAY_METRICS_LISTEN="unix:$work/gateway/metrics" \
        "${as[@]}" "$bin/pcn-gateway" 9>&"$fd" </dev/null >"$work/gateway.log" 2>&1 &
    gateway_pid=$!
    pids+=("$gateway_pid")
    await gateway "$fd"
    exec {fd}>&-
}

# No two of a run's programs make the same codes and keys: what was there before would be told again instead of made. A counter would not
# do, since functions run in subshells.
new_prefix() {
    printf 'bench-%x-' "$(date +%s%N)"
}

need_tools() {
    local tool
    for tool in "$@"; do
        PATH=$PATH:/usr/sbin command -v "$tool" >/dev/null || die "$tool is missing"
    done
}

# Sets pgbench.
find_pgbench() {
    pgbench=pgbench
    if ! command -v pgbench >/dev/null; then
        pgbench=$(find /usr/lib/postgresql -name pgbench -path '*/bin/*' 2>/dev/null | sort -V | tail -n 1)
    fi
    [ -n "$pgbench" ] || die "pgbench is missing"
}

# The rival, on a port and on a socket, and the same edge before it: the configuration is the instance's own. Sets rival_port, rival_pid,
# rival_edge_port and rival_edge_pid; with work, state_dir and database_url.
start_rival() {
    local fd
    if [ ! -e "$here/rival/node_modules/.package-lock.json" ] || [ "$here/rival/package-lock.json" -nt "$here/rival/node_modules/.package-lock.json" ]; then
        command -v npm >/dev/null || die "npm is missing: it installs Fastify and pg, which are measured against"
        say "installing Fastify and pg"
        (cd "$here/rival" && npm ci --no-audit --no-fund --loglevel=error) >"$work/npm.log" 2>&1 || die "npm ci failed"
    fi
    mkdir -p "$work/run"
    rival_port=$(free_port)
    mkfifo "$work/rival.ready"
    exec {fd}<>"$work/rival.ready"
    env NODE_ENV=production BENCH_DATABASE_URL="$database_url" BENCH_JWKS="$state_dir/issuer/jwks.json" BENCH_LISTEN="$rival_port" \
        BENCH_SOCKET="$work/run/gateway.http" node "$here/rival/server.js" </dev/null 1>&"$fd" 2>"$work/rival.log" &
    rival_pid=$!
    pids+=("$rival_pid")
    await rival "$fd"
    exec {fd}>&-
    rival_edge_port=$(free_port)
    sed -e "s|@PORT@|$rival_edge_port|; s|@STATE_DIR@|$work|g" "$clone/docker/haproxy/haproxy.cfg.in" >"$work/haproxy.cfg"
    PATH=$PATH:/usr/sbin haproxy -db -f "$work/haproxy.cfg" </dev/null >"$work/haproxy.log" 2>&1 &
    rival_edge_pid=$!
    pids+=("$rival_edge_pid")
    curl -s -o "$work/edge.txt" --retry 50 --retry-connrefused --retry-delay 1 --max-time 30 "http://127.0.0.1:$rival_edge_port/" ||
        die "the rival's edge did not get ready"
}

# How busy the machine is before anything is measured, in percent: what others do with it falls harder on few processes than on many.
measure_busy() {
    local before after
    before=$(awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 + $9, $5 + $6 }' /proc/stat)
    sleep 1
    after=$(awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 + $9, $5 + $6 }' /proc/stat)
    awk -v before="$before" -v after="$after" 'BEGIN { split(before, b); split(after, a); busy = a[1] - b[1]; all = busy + a[2] - b[2]
        print (all > 0 ? int(100 * busy / all + 0.5) : 0) }'
}
