#!/bin/sh
# A program that is built with the installed library alone, shared and static, and says what it finds; and what the library shows.
# installed.sh BUILD CC SANITIZERS
set -eu
build=$1 cc=$2 sanitize=$3
here=$(cd "$(dirname "$0")" && pwd)
# A sanitizer's runtime comes first in a program, which one of another compiler's making does not know.
[ -z "$sanitize" ] || { echo "built under sanitizers: what is installed is not that"; exit 77; }
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
cmake --install "$build" --component libpcn --prefix "$stage" >"$stage/install.log"

pc=$(dirname "$(find "$stage" -name libpcn.pc)")
PKG_CONFIG_PATH=$pc${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
lib=$(pkg-config --variable=libdir libpcn)

# shellcheck disable=SC2046 # flags are words
"$cc" -std=c99 -pedantic -Wall -Wextra -Werror "$here/installed.c" $(pkg-config --cflags --libs libpcn) -o "$stage/shared"
# shellcheck disable=SC2046
"$cc" -std=c99 "$here/installed.c" $(pkg-config --cflags libpcn) "$lib/libpcn.a" \
    $(pkg-config --libs libzmq libuv libprotobuf-c) -o "$stage/static"
LD_LIBRARY_PATH=$lib "$stage/shared" >"$stage/shared.out" 2>"$stage/shared.err"
"$stage/static" >"$stage/static.out" 2>"$stage/static.err"
for kind in shared static; do
    cat "$stage/$kind.out"
    [ ! -s "$stage/$kind.err" ] || { echo "the library wrote to standard error:"; cat "$stage/$kind.err"; exit 1; }
done

wanted="pcn_close pcn_error pcn_interrupt pcn_latest pcn_next pcn_subscribe pcn_token"
shown=$(nm -D --defined-only "$lib/libpcn.so" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort | tr '\n' ' ' | sed 's/ $//')
[ "$shown" = "$wanted" ] || { echo "the shared library shows: $shown"; exit 1; }
shown=$(nm -g --defined-only "$lib/libpcn.a" | awk 'NF == 3 { print $3 }' | sort | tr '\n' ' ' | sed 's/ $//')
[ "$shown" = "$wanted" ] || { echo "the static library shows: $shown"; exit 1; }
case $(readlink "$lib/libpcn.so") in
libpcn.so.0*) ;;
*) echo "the shared library has another name"; exit 1 ;;
esac
for name in $wanted; do
    [ -s "$stage/share/man/man3/$name.3" ] || { echo "no manual page of $name"; exit 1; }
done
