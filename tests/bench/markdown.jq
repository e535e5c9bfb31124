# The result as the tables of docs/performance.md: jq -r -f tests/bench/markdown.jq build/bench.json
def fixed($digits): pow(10; $digits) as $unit | (. * $unit | round) as $whole | ($whole % $unit | tostring) as $rest
  | ($whole / $unit | floor | tostring) + (if $digits > 0 then "." + "0" * ($digits - ($rest | length)) + $rest else "" end);
def ms: if . == null then "" else . / 1000 | if . < 10 then fixed(1) else fixed(0) end end;
def thousands: round | tostring | if length > 3 then .[:-3] + "," + .[-3:] else . end;
def bound: if .atLeast then "≥ \(.atLeast)" else "≤ \(.atMost)" end;
# jq 1.6 repeats a text no times as null.
def row: "| " + join(" | ") + " |";
def head: row, (map("---") | row);
{"pcn": "PCN", "rival": "Fastify + pg", "pgbench": "pgbench"} as $sides
| . as $result
| def cell($side; $place; $operation; $connections):
    [$result.measurements[] | select(.side == $side and .place == $place and .operation == $operation and .connections == $connections)][0]
    | if . == null then "" elif .p50Us == null then "\(.rate | thousands)/s" else "\(.rate | thousands)/s, \(.p50Us | ms) · \(.p99Us | ms) ms" end;
  def used($side; $place; $operation; $connections; $what):
    [$result.measurements[] | select(.side == $side and .place == $place and .operation == $operation and .connections == $connections)][0].cpuUs[$what]
    | if . == null then "" else round | tostring end;
  "\(.at[:10]), \(.cpus) cores, \(.busyBeforePercent)% busy with other work before; medians of \(.rounds) rounds of \(.secondsEach) s.",
  "",
  (["target", "is", "wanted", ""] | head),
  (.ratios[] | ["\(.name) : \($sides[.against])", (.is | fixed(2)), bound, (if .reached then "" else "missed" end)] | row),
  (.figures[] | [.name, (.is | if . < 10 then fixed(2) else fixed(1) end), bound, (if .reached then "" else "missed" end)] | row),
  "",
  (["rate, p50 · p99", "read, 32", "read, 128", "create, 32", "create, 128"] | head),
  ([["pcn", "direct", "PCN itself"], ["pcn", "edge", "PCN behind HAProxy"], ["rival", "direct", "Fastify + pg itself"], ["rival", "edge", "Fastify + pg behind HAProxy"]][]
    | . as [$side, $place, $name]
    | [$name, cell($side; $place; "read"; 32), cell($side; $place; "read"; 128), cell($side; $place; "create"; 32), cell($side; $place; "create"; 128)] | row),
  (["pgbench, 8 · 32 clients", ([8, 32] | map(cell("pgbench"; "direct"; "read"; .)) | join(" · ")), "",
    ([8, 32] | map(cell("pgbench"; "direct"; "create"; .)) | join(" · ")), ""] | row),
  "",
  (["processor, µs a request", "gateway", "registry", "PostgreSQL", "behind the answers", "HAProxy"] | head),
  ([["read", 32, "direct"], ["read", 32, "edge"], ["read", 128, "direct"], ["create", 32, "direct"], ["create", 128, "direct"], ["create", 128, "edge"]][]
    | . as [$operation, $connections, $place]
    | ["\($operation), \($connections)\(if $place == "edge" then ", behind HAProxy" else "" end)",
       (["gateway", "registry", "postgresql", "behind", "haproxy"][] | used("pcn"; $place; $operation; $connections; .))] | row),
  "",
  (["at half of the peak rate", "rate", "p50", "p99"] | head),
  ([["PCN", .half], ["Fastify + pg", .rivalHalf]][] | . as [$name, $half] | ["read", "create"][]
    | ["\($name), \(.)", "\($half[.].rate | thousands)/s", "\($half[.].p50Us | ms) ms", "\($half[.].p99Us | ms) ms"] | row),
  "",
  (["messages between two processes", "32 in flight", "processor, µs an end", "128 in flight", "processor, µs an end"] | head),
  ([["ZeroMQ alone", false, "ZeroMQ alone, plain"], ["ZeroMQ alone", true, "ZeroMQ alone, CURVE"], ["calls", true, "the platform's calls, CURVE, many a frame"]][]
    | . as [$wire, $curve, $name]
    | [$name, ([32, 128][] as $flight | [$result.wire[] | select(.wire == $wire and .curve == $curve and .inFlight == $flight)][0]
        | "\(.rate | thousands)/s", "\(.clientUs | fixed(1)) + \(.serverUs | fixed(1))")] | row),
  "",
  (["memory, KiB", "idle", "after \(.memory.requests | thousands) requests"] | head),
  (.memory as $memory | $memory.idleKiB | to_entries[] | [.key, (.value | thousands), ($memory.afterKiB[.key] | thousands)] | row),
  "",
  "At \(.events.liveRate | thousands) events/s each was at its subscriber \(.events.liveP50Us | ms) ms after its decision (p99 \(.events.liveP99Us | ms) ms); a subscriber that was \(.events.catchUpEvents | thousands) behind caught up at \(.events.catchUpRate | thousands)/s."
