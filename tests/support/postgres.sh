#!/bin/sh
# A private PostgreSQL cluster for tests, on a unix socket alone and at default durability.
#   postgres.sh start DIR   DIR is made, holds the socket and the data, and is kept for the next time
#   postgres.sh start DIR --watch   the same, and it stops when the caller's process ends in whatever way (a ctest that was killed)
#   postgres.sh stop DIR
# DIR must be short (a socket's path has a limit of 107 characters) and, for root, below folders that everybody may enter: a server
# does not run as root, so it is started as the system user postgres (or nobody).
set -eu

verb=${1:?start or stop}
dir=${2:?a folder}
bin=$(pg_config --bindir)
[ -x "$bin/initdb" ] || bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
me=$(id -un)
if [ "$(id -u)" -eq 0 ]; then
    owner=postgres
    id "$owner" >/dev/null 2>&1 || owner=nobody
    as() { (cd / && setpriv --reuid="$owner" --regid="$(id -g "$owner")" --clear-groups env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 "$@"); }
else
    owner=$me
    as() { env LC_ALL=C.UTF-8 "$@"; }
fi

stop() {
    # Nothing of a test is worth a checkpoint.
    [ ! -f "$dir/data/postmaster.pid" ] || as "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
}

create() {
    as "$bin/initdb" -D "$dir/data" -U pcn_test -E UTF8 --locale=C.UTF-8 --auth-local=peer --auth-host=reject >/dev/null
    # Whoever runs the tests is the superuser by the socket's peer; roles that tests make come with a password.
    {
        echo "local all pcn_test peer map=pcn"
        echo "local all all scram-sha-256"
    } | as tee "$dir/data/pg_hba.conf" >/dev/null
    printf 'pcn %s pcn_test\npcn %s pcn_test\n' "$me" "$owner" | as tee "$dir/data/pg_ident.conf" >/dev/null
    {
        echo "listen_addresses = ''"
        echo "unix_socket_directories = '$dir'"
        echo "unix_socket_permissions = 0700"
        echo "max_connections = 200"
        echo "logging_collector = off"
        echo "timezone = 'UTC'"
    } | as tee -a "$dir/data/postgresql.conf" >/dev/null
}

drop_left_over() {
    as "$bin/psql" -X -q -A -t -h "$dir" -U pcn_test -d postgres -c "SELECT format('DROP DATABASE %I WITH (FORCE);', datname)
        FROM pg_database WHERE datname LIKE 'test\_%'" | as "$bin/psql" -X -q -h "$dir" -U pcn_test -d postgres
}

start() {
    if [ ! -d "$dir" ]; then
        mkdir -m 0700 "$dir"
        chown "$owner" "$dir"
    fi
    # The path is known beforehand: what somebody else put there is not ours.
    if [ -L "$dir" ] || [ "$(stat -c %U "$dir")" != "$owner" ]; then
        echo "$dir belongs to somebody else" >&2
        exit 1
    fi
    stop
    [ -f "$dir/data/PG_VERSION" ] || create
    as "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 240 start >/dev/null || { tail -n 20 "$dir/log" >&2; exit 1; }
    drop_left_over
}

# Not a cluster that somebody started there later.
watch() {
    server=$(head -n 1 "$dir/data/postmaster.pid")
    (
        trap '' HUP INT TERM
        tail --pid="$1" -f /dev/null
        [ "$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null)" != "$server" ] || stop
    ) >/dev/null 2>&1 </dev/null &
}

case $verb in
start)
    start
    [ "${3:-}" != --watch ] || watch "$PPID"
    ;;
stop) stop ;;
*) echo "start or stop" >&2; exit 2 ;;
esac
