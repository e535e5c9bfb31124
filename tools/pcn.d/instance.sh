# shellcheck shell=bash
# An instance's programs and their configuration, from the clone's build to the state folder, and the supervisor that runs them.

instance_port=${PCN_HTTP_PORT:-8080}
instance_ready_seconds=60
# Address on which the services' own ports are open besides their sockets; none where it is empty.
instance_tcp=${PCN_TCP:-}

instance_supervisor() {
    state_run "$state_dir/bin/pcn-supervisor" "$@"
}

instance_is_running() {
    [ -x "$state_dir/bin/pcn-supervisor" ] && { instance_supervisor status "$state_dir" >/dev/null 2>&1 || [ $? -ne 3 ]; }
}

instance_check_port() {
    [[ $instance_port =~ ^[0-9]{1,5}$ ]] && [ "$instance_port" -ge 1 ] && [ "$instance_port" -le 65535 ] ||
        die "PCN_HTTP_PORT is a number from 1 to 65535, not $instance_port"
}

# A service's port for calls; the next one is for events. The table in docs/operations.md, "Ports".
instance_tcp_port() {
    case $1 in
        registry) echo 7101 ;;
        finance) echo 7111 ;;
        workforce) echo 7121 ;;
        referral) echo 7131 ;;
        *) die "$1 has no port yet: see \"Ports\" in docs/operations.md" ;;
    esac
}

instance_check_tcp() {
    local service
    [ -n "$instance_tcp" ] || return 0
    [[ $instance_tcp =~ ^[0-9]{1,3}(\.[0-9]{1,3}){3}$ ]] || die "PCN_TCP is an address of this machine as in 127.0.0.1, not $instance_tcp"
    for service in $(build_services); do
        instance_tcp_port "$service" >/dev/null
    done
}

# All ports of this instance.
instance_ports() {
    local service port
    echo "$instance_port"
    if [ -n "$instance_tcp" ]; then
        for service in $(build_services); do
            port=$(instance_tcp_port "$service")
            printf '%s\n' "$port" "$((port + 1))"
        done
    fi
}

# Whether somebody listens on the port, on any address: that is asked of the kernel's table, so it needs no connection and no tool.
instance_port_is_busy() {
    local hex
    hex=$(printf '%04X' "$1")
    awk -v port="$hex" '$4 == "0A" { n = split($2, part, ":"); if (part[n] == port) found = 1 } END { exit !found }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# Ends with a message where one of the ports is taken.
instance_check_ports() {
    local port
    for port in $(instance_ports); do
        if instance_port_is_busy "$port"; then
            [ "$port" != "$instance_port" ] ||
                die "port $instance_port is in use on this machine: choose another with PCN_HTTP_PORT"
            die "port $port is in use on this machine: another instance with PCN_TCP has it"
        fi
    done
}

# Copies what is new to the state's bin, so a build never disturbs what runs, and a clone below /root can be run by another user.
instance_install_binaries() {
    local name source fresh
    for name in pcn-supervisor pcnctl $(build_daemons | sed 's/^/pcn-/'); do
        source=$(find "$build_dir/services" -type f -name "$name" -perm -u+x -print -quit)
        [ -n "$source" ] || die "the build has no $name"
        if ! cmp -s "$source" "$state_dir/bin/$name"; then
            fresh=$(mktemp "$state_dir/bin/.$name.XXXXXX")
            cp "$source" "$fresh"
            chmod 755 "$fresh"
            mv -f "$fresh" "$state_dir/bin/$name"
            state_changed+=("bin/$name")
        fi
    done
    # Its manual page is what it says of itself.
    mkdir -p "$state_dir/share/man/man1"
    "$state_dir/bin/pcnctl" help --man >"$state_dir/share/man/man1/pcnctl.1"
}

# Settings of the caller's for one daemon: its own keys and those of all daemons; what is another daemon's or this script's stays away.
instance_passed_on() {
    local daemon=$1 name other prefix skip
    while IFS= read -r name; do
        case $name in
            PCN_STATE | PCN_STATE_DIR | PCN_HTTP_PORT | PCN_TCP | PCN_DATABASE_URL | PCN_BUILD | PCN_DEMO | PCN_CLONE | PCN_READY_FD | PCN_LISTEN_FD | PCN_TEST_*) continue ;;
            # Of the command line client.
            PCN_URL | PCN_TOKEN | PCN_CONTEXT | PCN_CTL_TOKEN) continue ;;
        esac
        skip=false
        for other in $(build_daemons) supervisor; do
            prefix=${other^^}
            if [ "$other" != "$daemon" ] && [[ $name == "PCN_${prefix//-/_}_"* ]]; then
                skip=true
            fi
        done
        $skip || printf 'env = %s=%s\n' "$name" "${!name//$'\n'/ }"
    done < <(compgen -e | grep '^PCN_' | sort)
}

# The service's ports beside its sockets, unless the caller said himself where it is to listen.
instance_tcp_listen() {
    local service=$1 prefix=$2 port kind name
    [ -n "$instance_tcp" ] || return 0
    port=$(instance_tcp_port "$service")
    for kind in rpc pub; do
        name=${prefix}_${kind^^}_LISTEN
        [ -n "${!name:-}" ] || printf 'env = %s=ipc://%s/run/%s.%s,tcp://%s:%s\n' "$name" "$state_dir" "$service" "$kind" "$instance_tcp" "$port"
        port=$((port + 1))
    done
}

instance_daemon_section() {
    local daemon=$1 after=$2 kind name file key prefix
    prefix=${daemon^^}
    prefix=PCN_${prefix//-/_}
    printf '\n[%s]\narg = %s/bin/pcn-%s\n%s\nready = fd\nreload = HUP\n' "$daemon" "$state_dir" "$daemon" "$after"
    printf 'env = %s\n' PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "PCN_STATE=$state_given" "PCN_STATE_DIR=$state_dir"
    [ -n "${PCN_ENVIRONMENT:-}" ] || echo 'env = PCN_ENVIRONMENT=development'
    if [ "$daemon" != gateway ]; then
        for kind in "${database_kinds[@]}"; do
            key=${prefix}_${kind^^}_DATABASE_URL
            name=${key/_APP_/_}
            file=${name}_FILE
            [ -n "${!name:-}" ] || [ -n "${!file:-}" ] || printf 'env = %s=%s\n' "$name" "$(database_url "$daemon" "$kind")"
        done
    fi
    [ "$daemon" = gateway ] || instance_tcp_listen "$daemon" "$prefix"
    instance_passed_on "$daemon"
}

# The supervisor's file, see services/supervisor/spec.h.
instance_spec() {
    local service after=() url password
    echo "# Made by ./pcn up."
    if database_is_private; then
        cat <<EOF

[postgresql]
arg = $database_bin/postgres
arg = -D
arg = $state_dir/data/postgresql
arg = -c
arg = config_file=$state_dir/etc/postgresql.conf
env = LC_ALL=C.UTF-8
ready = probe
probe = $database_bin/pg_isready
probe = -q
probe = -h
probe = $state_dir/run
probe = -U
probe = $database_admin
probe = -d
probe = postgres
stop = INT
reload = HUP
EOF
        after=("after = postgresql")
        url="host=$state_dir/run user=$database_admin dbname=postgres"
        password=
    else
        url=$PCN_DATABASE_URL
        password=
        # A password is not for everybody to see in the list of processes.
        if [[ $url =~ ^(postgres(ql)?://[^:/@]*):([^@]*)@(.*)$ ]]; then
            url=${BASH_REMATCH[1]}@${BASH_REMATCH[4]}
            password=$(printf '%b' "${BASH_REMATCH[3]//%/\\x}")
        fi
    fi
    printf '\n[database]\n'
    printf 'arg = %s\n' "$database_bin/psql" -X -q -v ON_ERROR_STOP=1 -f "$state_dir/etc/database.sql" "$url"
    printf 'env = %s\n' LC_ALL=C.UTF-8 PGCONNECT_TIMEOUT=5 "PGOPTIONS=-c client_min_messages=warning"
    [ -z "$password" ] || printf 'env = PGPASSWORD=%s\n' "$password"
    printf '%s\n' "${after[@]}" 'ready = exit'
    after=()
    for service in $(build_services); do
        instance_daemon_section "$service" "after = database"
        after+=("after = $service")
    done
    # Held by the supervisor: who connects while the gateway restarts waits.
    [ -n "${PCN_GATEWAY_HTTP_LISTEN:-}" ] || after+=("listen = unix:$state_dir/run/gateway.http")
    instance_daemon_section gateway "$(printf '%s\n' "${after[@]}")"
    cat <<EOF

[haproxy]
arg = /usr/sbin/haproxy
arg = -db
arg = -f
arg = $state_dir/etc/haproxy.cfg
after = gateway
ready = connect
address = 127.0.0.1:$instance_port
stop = USR1
EOF
}

instance_configure() {
    local text
    if database_is_private; then
        database_make_cluster
    fi
    text=$(database_script)
    state_write "$state_dir/etc/database.sql" <<<"$text"
    text=$(sed -e "s|@PORT@|$instance_port|; s|@STATE_DIR@|$state_dir|g" "$PCN_CLONE/docker/haproxy/haproxy.cfg.in")
    state_write "$state_dir/etc/haproxy.cfg" <<<"$text"
    text=$(instance_spec)
    state_write "$state_dir/etc/supervisor.conf" <<<"$text"
    # shellcheck disable=SC2046  # names without blanks
    state_run "$state_dir/bin/pcnctl" keys ensure --dir "$state_dir/keys" $(build_daemons) >/dev/null
    state_run "$state_dir/bin/pcnctl" issuer init --dir "$state_dir/issuer" >/dev/null
}

# What the logs say of a start that failed.
instance_show_failure() {
    local log
    for log in "$state_dir"/log/*.log; do
        if [ -s "$log" ] && [ "$log" -nt "$state_dir/etc/.starting" ]; then
            printf -- '--- %s\n' "${log##*/}" >&2
            tail -n 8 "$log" >&2
        fi
    done
}

instance_stop() {
    [ ! -x "$state_dir/bin/pcn-supervisor" ] || instance_supervisor stop "$state_dir"
}

instance_start() {
    say_progress "starting"
    touch "$state_dir/etc/.starting"
    instance_supervisor start "$state_dir" || die "the supervisor did not start"
    if ! instance_supervisor wait "$state_dir" "$instance_ready_seconds"; then
        instance_show_failure
        instance_stop >/dev/null
        die "it did not get ready; the logs are in $state_given/log"
    fi
}

# After another build or configuration. Daemons that are new are replaced one by one; anything else means a fresh start.
instance_refresh() {
    local file
    for file in "${state_changed[@]}"; do
        case $file in
            bin/pcnctl | bin/pcn-supervisor.*) ;;
            bin/pcn-supervisor | etc/*)
                say "the configuration changed: starting anew"
                instance_stop >/dev/null
                instance_start
                return
                ;;
        esac
    done
    for file in "${state_changed[@]}"; do
        case $file in
            bin/pcnctl) ;;
            bin/pcn-*)
                say "replacing ${file#bin/pcn-}"
                instance_supervisor restart "$state_dir" "${file#bin/pcn-}" || die "${file#bin/pcn-} did not come back: see ./pcn logs"
                ;;
        esac
    done
}
