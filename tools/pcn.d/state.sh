# shellcheck shell=bash
# Where an instance lives. $PCN_STATE is what the user sees; state_dir is the folder that programs get: safe and short enough for socket
# paths. As root it is below /var/lib/pcn, and $PCN_STATE is a link to it; as a normal user it is $PCN_STATE itself, or a short link to it.
# Programs run as the system user pcn where root started them, and may write to run, keys, log, issuer and data only: root runs what is in
# bin and trusts what is in etc.

state_given=${PCN_STATE:-$PCN_CLONE/.pcn}
state_home=/var/lib/pcn
state_user=pcn
# Longest name below run/ that is a socket is a daemon's "<daemon>.metrics"; sun_path has 107 characters.
state_dir_max=70
state_dir=

state_as_root() {
    [ "$(id -u)" -eq 0 ]
}

state_path() {
    case $state_given in
        *$'\n'*) die "PCN_STATE has a line break" ;;
        /*) printf '%s\n' "${state_given%/}" ;;
        *) printf '%s\n' "$PWD/${state_given%/}" ;;
    esac
}

state_user_dir() {
    local path=$1 short
    if [ ${#path} -le $state_dir_max ] && [[ $path =~ ^[A-Za-z0-9/._+-]+$ ]]; then
        printf '%s\n' "$path"
        return
    fi
    short=${XDG_RUNTIME_DIR:-/tmp}
    [ ${#short} -le 40 ] && [ -d "$short" ] || short=/tmp
    printf '%s/pcn-%s-%s\n' "$short" "$(id -u)" "$(printf '%s' "$path" | sha256sum | cut -c 1-16)"
}

# Sets state_dir if the instance was made before; false otherwise.
state_find() {
    local path
    path=$(state_path)
    if state_as_root; then
        [ -L "$path" ] || return 1
        state_dir=$(readlink "$path")
    else
        [ -d "$path" ] || return 1
        state_dir=$(state_user_dir "$path")
        [ -d "$state_dir/run" ] || return 1
    fi
    [ -d "$state_dir" ]
}

state_make_root() {
    local path=$1 fresh old
    if ! getent passwd "$state_user" >/dev/null; then
        useradd --system --user-group --no-create-home --home-dir "$state_home" --shell /usr/sbin/nologin "$state_user"
    fi
    install -d -m 755 "$state_home"
    exec 8<"$state_home"
    flock 8
    if [ -L "$path" ]; then
        fresh=$(readlink "$path")
        [[ $fresh == "$state_home"/* ]] || die "$path is a link to $fresh, which is not below $state_home"
        [ -d "$fresh" ] || install -d "$fresh"
    else
        # An empty folder that somebody made for us becomes the link.
        if [ -e "$path" ] && ! rmdir "$path" 2>/dev/null; then
            die "$path is there already, and is not an instance that root made"
        fi
        # The link was removed while the instance ran: that instance is nobody's any more.
        for old in "$state_home"/*/; do
            if [ -f "$old/etc/origin" ] && [ "$(cat "$old/etc/origin")" = "$path" ] && [ -x "$old/bin/pcn-supervisor" ]; then
                state_dir=${old%/} state_run "$old/bin/pcn-supervisor" stop "${old%/}" >/dev/null
            fi
        done
        fresh=$(mktemp -d "$state_home/XXXXXXXX")
        mkdir -p "$(dirname "$path")"
        ln -s "$fresh" "$path"
    fi
    exec 8<&-
    chown "root:$state_user" "$fresh"
    chmod 750 "$fresh"
    state_dir=$fresh
}

state_make_user() {
    local path=$1
    [ ! -L "$path" ] || [ -w "$path/." ] || die "$path belongs to another user (was it made by root?)"
    mkdir -p "$path"
    [ -O "$path" ] || die "$path belongs to another user"
    chmod 700 "$path"
    state_dir=$(state_user_dir "$path")
    if [ "$state_dir" != "$path" ]; then
        [ -L "$state_dir" ] || ln -s "$path" "$state_dir"
        if [ "$(stat -c %u "$state_dir")" != "$(id -u)" ] || [ "$(readlink "$state_dir")" != "$path" ]; then
            die "$state_dir is not a link of ours to $path"
        fi
    fi
}

# Makes the instance's folders, sets state_dir, and holds its lock until state_unlock.
state_make() {
    local path
    path=$(state_path)
    if state_as_root; then
        state_make_root "$path"
    else
        state_make_user "$path"
    fi
    [ ${#state_dir} -le $state_dir_max ] || die "$state_dir is too long for socket paths: choose a shorter PCN_STATE"
    exec 9<"$state_dir"
    if ! flock -n 9; then
        say "another ./pcn up is at work on $state_given: waiting for it"
        flock 9
    fi
    local folder
    for folder in run keys log issuer data; do
        if state_as_root; then
            install -d -m 700 -o "$state_user" -g "$state_user" "$state_dir/$folder"
        else
            install -d -m 700 "$state_dir/$folder"
        fi
    done
    install -d -m 755 "$state_dir/bin" "$state_dir/etc"
    install -d -m 700 "$state_dir/secrets"
    state_write "$state_dir/etc/origin" <<<"$path"
}

state_unlock() {
    exec 9<&-
}

# Runs a command as the instance's user, with a clean environment, in a folder that any user can be in.
state_run() {
    local as=()
    if state_as_root; then
        as=(setpriv --reuid="$state_user" --regid="$state_user" --init-groups --inh-caps=-all --)
    fi
    (
        cd / && umask 077
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME="$state_dir" "${as[@]}" "$@" 9<&-
    )
}

# state_write FILE <<<TEXT: the text becomes the file, as a whole, for the instance's user to read. What was not the same before is noted in
# state_changed (so never call it in a pipeline).
state_write() {
    local file=$1 fresh
    fresh=$(mktemp "$file.XXXXXX")
    cat >"$fresh"
    if state_as_root; then
        chgrp "$state_user" "$fresh"
        chmod 640 "$fresh"
    fi
    if cmp -s "$fresh" "$file"; then
        rm -f "$fresh"
    else
        mv -f "$fresh" "$file"
        state_changed+=("${file#"$state_dir/"}")
    fi
}

# What this run wrote anew, relative to state_dir.
state_changed=()
