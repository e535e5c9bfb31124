#!/usr/bin/env bash
# What others make of the interface.
#   run.sh documents FOLDER PROTO_BUILD   linters and validators over the documents and the .proto files
#   run.sh client FOLDER URL              a generated client against a running platform, with the token in PCN_TOKEN
# FOLDER is a build folder of its own, into which the tools are installed once. PROTO_BUILD holds openapi.json and asyncapi.json.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
proto=$here/../../proto

# Two at once would install into the same folder.
install_tools() {
    local folder=$1
    mkdir -p "$folder"
    exec 9>"$folder/lock"
    flock 9
    if ! cmp -s "$here/package-lock.json" "$folder/installed"; then
        cp "$here"/package*.json "$here"/*.mjs "$here"/redocly.yaml "$folder/"
        (cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
        cp "$folder/package-lock.json" "$folder/installed"
    fi
    cp "$here"/*.mjs "$here"/redocly.yaml "$folder/"
    exec 9>&-
}

check_documents() {
    local folder=$1 documents=$2 release
    export PATH=$folder/node_modules/.bin:$PATH REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
    (cd "$folder" && redocly lint --config redocly.yaml "$documents/openapi.json")
    (cd "$folder" && node asyncapi.mjs "$documents/asyncapi.json")
    buf lint "$proto"
    release=$(find "$here/release" -name '*.binpb' | sort -V | tail -n 1)
    buf breaking "$proto" --against "$release"
}

check_client() {
    local folder=$1 url=$2
    export PATH=$folder/node_modules/.bin:$PATH
    # Below the tools, where what it imports is found.
    work=$(mktemp -d "$folder/client.XXXXXX")
    trap 'rm -rf "$work"' EXIT # which runs when the function's own names are gone
    curl -sS --fail --max-time 30 "$url/openapi.json" >"$work/openapi.json"
    oazapfts "$work/openapi.json" "$work/client.ts"
    esbuild "$work/client.ts" --bundle --format=esm --platform=node --log-level=warning --outfile="$work/client.mjs"
    node "$folder/client.mjs" "$work/client.mjs" "$url"
}

# Debian 12's own is too old for some of the tools.
node_is_enough() {
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' && return
    echo "Node.js 20.19 or later is needed: not tried"
    exit 0
}

case ${1:-} in
    documents) node_is_enough && install_tools "$2" && check_documents "$2" "$3" ;;
    client) node_is_enough && install_tools "$2" && check_client "$2" "$3" ;;
    *)
        echo "usage: run.sh documents FOLDER PROTO_BUILD | run.sh client FOLDER URL" >&2
        exit 2
        ;;
esac
