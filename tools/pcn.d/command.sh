# shellcheck shell=bash
# The commands that look after an instance.

# What another shell needs to speak to this instance.
command_settings() {
    local settings=""
    [ -z "${PCN_STATE:-}" ] || settings+=" PCN_STATE=$(printf '%q' "$state_given")"
    [ "$instance_port" = 8080 ] || settings+=" PCN_HTTP_PORT=$instance_port"
    [ -z "$instance_tcp" ] || settings+=" PCN_TCP=$instance_tcp"
    [ -z "$settings" ] || printf '  export%s\n' "$settings"
}

command_summary() {
    local url
    url=$(data_url)
    data_summary
    printf 'PCN is ready at %s\n\n' "$url"
    command_settings
    cat <<EOF
  curl -s -H "Authorization: Bearer \$(./pcn token --role system-manager --org ics-llr)" \\
       '$url/v1/organisations?kind=network'

  ./pcn status · ./pcn logs -f · ./pcn down
EOF
}

command_up_interrupted() {
    trap '' INT TERM HUP
    say_clear
    if [ -n "$state_dir" ] && ! $command_was_running; then
        instance_stop >/dev/null || true
    fi
    exit 130
}

# Stays until Ctrl-C, or until somebody else stops the instance.
command_follow() {
    local watcher
    echo "  Ctrl-C stops it all"
    echo
    instance_supervisor watch "$state_dir" &
    watcher=$!
    trap 'trap "" INT TERM HUP; kill "$watcher" 2>/dev/null; echo; instance_stop; exit 130' INT TERM HUP
    wait "$watcher" || true
    say "stopped"
}

command_was_running=false

command_up() {
    local detach=false empty=false demo=true england="" targets=()
    data_wants_demo || demo=false
    while [ $# -gt 0 ]; do
        case $1 in
            --detach | -d) detach=true ;;
            --empty) empty=true demo=false ;;
            --no-demo) demo=false ;;
            --england) england=1 ;;
            --england=*)
                england=${1#*=}
                [[ $england =~ ^[1-9][0-9]{0,3}$ ]] || die "up: --england=N takes a number from 1 to 9999"
                ;;
            *) die "up: $1 is not known" ;;
        esac
        shift
    done
    instance_check_port
    instance_check_tcp
    if ! { state_find && instance_is_running; }; then
        instance_check_ports
    fi
    package_ensure "${package_runtime[@]}" "${package_build[@]}"
    ! $demo || targets=(pcn-simulator)
    build_release "${targets[@]}"
    state_make
    trap command_up_interrupted INT TERM HUP
    if instance_is_running; then
        command_was_running=true
    fi
    instance_install_binaries
    instance_configure
    if ! $command_was_running; then
        instance_check_ports
        instance_start
    else
        say "already running"
        instance_refresh
        instance_supervisor wait "$state_dir" "$instance_ready_seconds" || die "not everything is ready: see ./pcn status"
    fi
    $empty || data_load
    $empty || data_own_pathways
    ! $demo || data_demo
    [ -z "$england" ] || data_england "$england"
    state_unlock
    command_summary
    if ! $detach; then
        command_follow
    fi
}

command_down() {
    [ $# -eq 0 ] || die "down takes no arguments"
    if ! state_find; then
        echo "not running"
        return
    fi
    instance_stop
}

command_status() {
    [ $# -eq 0 ] || die "status takes no arguments"
    local text code=0
    state_find || {
        echo "not running"
        exit 3
    }
    text=$(instance_supervisor status "$state_dir" 2>/dev/null) || code=$?
    if [ "$code" -eq 3 ]; then
        echo "not running"
        exit 3
    fi
    {
        printf 'PROGRAM\tPID\tSTATE\tRESTARTS\tREADY SINCE\n'
        printf '%s\n' "$text"
    } | awk -F '\t' '{ printf "%-14s %8s  %-9s %8s  %s\n", $1, ($2 == "0" ? "-" : $2), $3, $4, $5 }'
    exit "$code"
}

command_logs() {
    local follow=false name="" files=()
    while [ $# -gt 0 ]; do
        case $1 in
            -f | --follow) follow=true ;;
            -*) die "logs: $1 is not known" ;;
            *) name=${1#pcn-} ;;
        esac
        shift
    done
    state_find || die "there is no instance at $state_given: ./pcn up makes one"
    if [ -n "$name" ]; then
        [[ $name =~ ^[a-z0-9-]+$ ]] && [ -f "$state_dir/log/$name.log" ] ||
            die "there is no log of $name; there are: $(cd "$state_dir/log" && echo ./*.log | sed 's|\./||g; s|\.log||g')"
        files=("$state_dir/log/$name.log")
    else
        files=("$state_dir"/log/*.log)
    fi
    if $follow; then
        exec tail -n 20 -F "${files[@]}"
    elif [ -n "$name" ]; then
        cat "${files[@]}"
    else
        tail -n 20 "${files[@]}"
    fi
}

command_token() {
    state_find && [ -f "$state_dir/issuer/private.pem" ] || die "there is no issuer at $state_given: ./pcn up makes one"
    [ -r "$state_dir/issuer/private.pem" ] || die "the issuer of $state_given belongs to another user"
    state_run "$state_dir/bin/pcnctl" token --issuer-dir "$state_dir/issuer" "$@"
}

command_import() {
    local said
    [ $# -eq 2 ] && [ "$1" = pathways ] || die "import: say \"pathways\" and a folder"
    state_find && instance_is_running || die "not running: ./pcn up"
    said=$(data_pathways "$2") || die "$said"
    say "$said"
}
