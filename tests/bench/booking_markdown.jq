# A run of booking.sh as the tables of docs/performance.md: jq -r -f tests/bench/booking_markdown.jq build/bench-booking.json
def fixed($digits): pow(10; $digits) as $unit | (. * $unit | round) as $whole | ($whole % $unit | tostring) as $rest
  | ($whole / $unit | floor | tostring) + (if $digits > 0 then "." + "0" * ($digits - ($rest | length)) + $rest else "" end);
def ms: if . == null then "" else . / 1000 | if . < 10 then fixed(1) else fixed(0) end end;
def thousands: round | tostring | explode | reverse | [range(0; length) as $i | (if $i > 0 and $i % 3 == 0 then 44 else empty end), .[$i]] | reverse | implode;
def row: "| " + join(" | ") + " |";
def head: row, (map("---") | row);
def share: . * 1000 | round / 10 | tostring + "%";
{"pcn": "PCN", "rival": "Fastify + pg", "pgbench": "pgbench"} as $sides
| {"practice": "search, one practice", "network": "search, a network", "book": "booking", "contend": "booking, 64 clients a slot"} as $names
| . as $result
| def found($side; $operation; $connections): [$result.measurements[] | select(.side == $side and .operation == $operation and .connections == $connections)][0];
  def cell($side; $operation; $connections): found($side; $operation; $connections)
    | if . == null then "" elif .p50Us == null then "\(.rate | thousands)/s" else "\(.rate | thousands)/s, \(.p50Us | ms) · \(.p99Us | ms) ms" end;
  "\(.at[:10]), \(.cpus) cores, \(.busyBeforePercent)% busy with other work before; \(.slots | thousands) slots; medians of \(.rounds) rounds of \(.secondsEach) s.",
  "",
  (["rate, p50 · p99", "PCN", "Fastify + pg", "pgbench, 8 clients", "PCN to Fastify + pg", "PCN to pgbench"] | head),
  (.ratios[] | [$names[.operation] + ", \(.connections)", cell("pcn"; .operation; .connections), cell("rival"; .operation; .connections), cell("pgbench"; .operation; 8),
    (.rival // 0 | fixed(2)), (.pgbench // 0 | fixed(2))] | row),
  "",
  (["processor, µs a request", "gateway", "referral", "PostgreSQL", "behind the answers", "Fastify", "its PostgreSQL"] | head),
  (.ratios[] | . as $one | found("pcn"; .operation; .connections).cpuUs as $ours | found("rival"; .operation; .connections).cpuUs as $theirs
    | [$names[$one.operation] + ", \($one.connections)", ([$ours.gateway, $ours.referral, $ours.postgresql, $ours.behind, $theirs.rival, $theirs.postgresql][] | . // 0 | round | tostring)]
    | row),
  "",
  (["England's morning", "share that holds", "searches + bookings/s", "search p99", "booking p99", "processor, of all cores"] | head),
  (["pcn", "rival"][] | . as $side | $result.morning[$side] | select(. != null)
    | [$sides[$side], (.share | share)] + (if .best == null then ["", "", "", ""] else
        ["\(.best.rate * 3100 / 3411 | thousands) + \(.best.rate * 311 / 3411 | thousands)", "\(.best.searches.p99 | ms) ms", "\(.best.bookings.p99 | ms) ms",
         (.best as $best | $best.cpuUs | to_entries | sort_by(-.value) | map("\(.key) \(.value * $best.rate / 1e6 / $result.cpus | share)") | join(", "))] end) | row),
  "",
  "A share holds where the p99 of searches and that of bookings are below 50 ms and all are answered; latencies count from when a request was due."
