# The result for people.
def pad($width): tostring | if length < $width then . + " " * ($width - length) else . end;
def lpad($width): tostring | if length < $width then " " * ($width - length) + . else . end;
def fixed($digits): pow(10; $digits) as $unit | (. * $unit | round) as $whole
  | ($whole / $unit | floor | tostring) + "." + ($whole % $unit | tostring | lpad($digits) | gsub(" "; "0"));
def ms: if . == null then "-" else . / 1000 | fixed(1) end;
{"pcn": "PCN", "rival": "Fastify + pg", "pgbench": "pgbench"} as $sides
| {"direct": "itself", "edge": "behind HAProxy"} as $places
| "Medians of \(.rounds) rounds of \(.secondsEach) s on \(.cpus) cores, \(.busyBeforePercent)% busy with other work before; took \(.tookSeconds) s.",
  "",
  ("side" | pad(14)) + ("where" | pad(16)) + ("what" | pad(8)) + ("conns" | lpad(6)) + ("per s" | lpad(9)) + ("p50 ms" | lpad(9)) + ("p99 ms" | lpad(9)),
  (.measurements | sort_by([.operation == "create", .connections, .place == "edge", .side])[]
    | ($sides[.side] | pad(14)) + ($places[.place] | pad(16)) + (.operation | pad(8)) + (.connections | lpad(6))
      + (.rate | round | lpad(9)) + (.p50Us | ms | lpad(9)) + (.p99Us | ms | lpad(9))),
  "",
  "A subscriber over ZeroMQ: at \(.events.liveRate | round) events/s each was there \(.events.liveP50Us | ms) ms after its decision (p50), \(.events.liveP99Us | ms) ms (p99; target 5.0);",
  "behind by \(.events.catchUpEvents) it caught up at \(.events.catchUpRate | round) events/s (target 100000).",
  "",
  ("ratio of PCN to the other" | pad(58)) + ("is" | lpad(7)) + ("target" | lpad(8)),
  (.ratios[] | ("\(.name) : \($sides[.against])" | pad(58)) + (.ratio | fixed(2) | lpad(7)) + (.atLeast | fixed(1) | lpad(8))
    + (if .reached then "  reached" else "  \(.share * 100 | floor)% of it" end))
