# shellcheck shell=bash
# PostgreSQL of an instance: a private cluster on a socket in its run folder, or the server of PCN_DATABASE_URL. Either way each service
# has three roles of its own, made by docker/postgresql/roles.sql.

database_bin=/usr/lib/postgresql/15/bin
database_admin=pcn_admin
database_kinds=(owner app job)

database_is_private() {
    [ -z "${PCN_DATABASE_URL:-}" ]
}

database_user() {
    if state_as_root; then
        echo "$state_user"
    else
        id -un
    fi
}

# The operating system's user may be any of the instance's roles; root may too, to look after it.
database_ident() {
    local user service kind users
    users=("$(database_user)")
    [ "${users[0]}" = root ] || users+=(root)
    echo "# MAP  SYSTEM-USER  ROLE"
    for user in "${users[@]}"; do
        printf 'pcn "%s" %s\n' "$user" "$database_admin"
        for service in $(build_services); do
            for kind in "${database_kinds[@]}"; do
                printf 'pcn "%s" pcn_%s_%s\n' "$user" "$service" "$kind"
            done
        done
    done
}

# Makes the cluster, as a whole or not at all, and its configuration.
database_make_cluster() {
    local cluster=$state_dir/data/postgresql log
    if [ ! -d "$cluster" ]; then
        say_progress "making a PostgreSQL cluster"
        state_run rm -rf "$cluster.new"
        log=$(mktemp)
        if ! state_run "$database_bin/initdb" -D "$cluster.new" -U "$database_admin" --encoding=UTF8 --locale=C.UTF-8 --data-checksums \
            --auth=peer >"$log" 2>&1; then
            cat "$log" >&2
            rm -f "$log"
            die "initdb failed"
        fi
        rm -f "$log"
        state_run mv "$cluster.new" "$cluster"
    fi
    state_write "$state_dir/etc/postgresql.conf" <<<"$(cat "$PCN_CLONE/docker/postgresql/postgresql.conf")
unix_socket_directories = '$state_dir/run'
data_directory = '$cluster'
hba_file = '$state_dir/etc/pg_hba.conf'
ident_file = '$state_dir/etc/pg_ident.conf'"
    state_write "$state_dir/etc/pg_hba.conf" <<<"$(cat "$PCN_CLONE/docker/postgresql/pg_hba.conf")"
    state_write "$state_dir/etc/pg_ident.conf" <<<"$(database_ident)"
}

# database_secret ROLE: its password on a foreign server, made once.
database_secret() {
    local file=$state_dir/secrets/$1
    if [ ! -s "$file" ]; then
        state_write "$file" <<<"$(od -An -N 24 -tx1 /dev/urandom | tr -d ' \n')"
    fi
    cat "$file"
}

# What makes the roles, as a script for psql; it holds the passwords, so it is for the instance's user only.
database_script() {
    local service kind
    if database_is_private; then
        cat <<'EOF'
SELECT 'CREATE DATABASE pcn' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'pcn')
\gexec
\connect pcn
REVOKE ALL ON DATABASE pcn FROM PUBLIC;
EOF
    fi
    for service in $(build_services); do
        echo "\\set service $service"
        for kind in "${database_kinds[@]}"; do
            if database_is_private; then
                echo "\\set ${kind}_password ''"
            else
                echo "\\set ${kind}_password '$(database_secret "pcn_${service}_$kind")'"
            fi
        done
        cat "$PCN_CLONE/docker/postgresql/roles.sql"
    done
}

# database_url_as ROLE: the given server's URL for another role.
database_url_as() {
    local role=$1 url=$PCN_DATABASE_URL secret scheme rest host query=""
    secret=$(database_secret "$role")
    case $url in
        postgres://* | postgresql://*)
            scheme=${url%%://*}
            rest=${url#*://}
            if [[ $rest == *\?* ]]; then
                query=$(printf '%s' "${rest#*\?}" | tr '&' '\n' | grep -vE '^(user|password)=' | paste -sd '&' || true)
                rest=${rest%%\?*}
            fi
            host=${rest%%/*}
            rest=${host##*@}${rest#"$host"}
            printf '%s://%s:%s@%s%s\n' "$scheme" "$role" "$secret" "$rest" "${query:+?$query}"
            ;;
        *) printf '%s user=%s password=%s\n' "$url" "$role" "$secret" ;;
    esac
}

# database_url SERVICE KIND
database_url() {
    local role=pcn_$1_$2
    if database_is_private; then
        printf 'postgresql://%s@/pcn?host=%s\n' "$role" "$state_dir/run"
    else
        database_url_as "$role"
    fi
}
