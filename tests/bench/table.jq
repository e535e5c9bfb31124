# The result for people.
def pad($width): tostring | if length < $width then . + " " * ($width - length) else . end;
def lpad($width): tostring | if length < $width then " " * ($width - length) + . else . end;
def fixed($digits): pow(10; $digits) as $unit | (. * $unit | round) as $whole
  | ($whole / $unit | floor | tostring) + "." + ($whole % $unit | tostring | lpad($digits) | gsub(" "; "0"));
def ms: if . == null then "-" else . / 1000 | fixed(1) end;
def verdict: if .reached then "reached" else "missed" end;
def bound: if .atLeast then "≥ \(.atLeast)" else "≤ \(.atMost)" end;
def used: to_entries | map("\(.key) \(.value | round)") | join(", ");
{"pcn": "PCN", "rival": "Fastify + pg", "pgbench": "pgbench"} as $sides
| {"direct": "itself", "edge": "behind HAProxy"} as $places
| "Medians of \(.rounds) rounds of \(.secondsEach) s on \(.cpus) cores, \(.busyBeforePercent)% busy with other work before; took \(.tookSeconds) s.",
  "",
  ("side" | pad(14)) + ("where" | pad(16)) + ("what" | pad(8)) + ("conns" | lpad(6)) + ("per s" | lpad(9)) + ("p50 ms" | lpad(9)) + ("p99 ms" | lpad(9))
    + "  processor, µs a request",
  (.measurements | sort_by([.operation == "create", .connections, .place == "edge", .side])[]
    | ($sides[.side] | pad(14)) + ($places[.place] | pad(16)) + (.operation | pad(8)) + (.connections | lpad(6))
      + (.rate | round | lpad(9)) + (.p50Us | ms | lpad(9)) + (.p99Us | ms | lpad(9)) + "  " + (.cpuUs | used)),
  "",
  "At half of the peak rate:",
  ([{key: "PCN", value: .half}, {key: "Fastify + pg", value: .rivalHalf}][] | .key as $side | .value | to_entries[]
    | ($side | pad(14)) + (.key | pad(8)) + "\(.value.rate)/s over \(.value.connections): p50 \(.value.p50Us | ms), p99 \(.value.p99Us | ms) ms"),
  "",
  "A subscriber over ZeroMQ: at \(.events.liveRate | round) events/s each was there \(.events.liveP50Us | ms) ms after its decision (p50), \(.events.liveP99Us | ms) ms (p99);",
  "behind by \(.events.catchUpEvents) it caught up at \(.events.catchUpRate | round) events/s.",
  "",
  "Memory in KiB, idle · after \(.memory.requests) requests: " + (.memory as $memory | [$memory.idleKiB | to_entries[] | "\(.key) \(.value) · \($memory.afterKiB[.key])"] | join(", ")),
  "",
  (.wire[] | select(.inFlight == 32 or .inFlight == 128)
    | "\(.wire | pad(14)) \(if .curve then "CURVE" else "plain" end), \(.inFlight | lpad(3)) in flight: \(.rate | round | lpad(7))/s, processor \(.clientUs | fixed(1)) + \(.serverUs | fixed(1)) µs"),
  "",
  ("target" | pad(58)) + ("is" | lpad(9)) + ("wanted" | lpad(9)),
  (.ratios[] | ("\(.name) : \($sides[.against])" | pad(58)) + (.is | fixed(2) | lpad(9)) + (bound | lpad(9)) + "  " + verdict),
  (.figures[] | (.name | pad(58)) + (.is | fixed(2) | lpad(9)) + (bound | lpad(9)) + "  " + verdict)
