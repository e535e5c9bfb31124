# Searches in ten million slots and in ten thousand, of a run of booking.sh, as the table of docs/performance.md.
def fixed($digits): pow(10; $digits) as $unit | (. * $unit | round) as $whole | ($whole % $unit | tostring) as $rest
  | ($whole / $unit | floor | tostring) + (if $digits > 0 then "." + "0" * ($digits - ($rest | length)) + $rest else "" end);
def ms: if . == null then "" else . / 1000 | if . < 10 then fixed(1) else fixed(0) end end;
def thousands: round | tostring | explode | reverse | [range(0; length) as $i | (if $i > 0 and $i % 3 == 0 then 44 else empty end), .[$i]] | reverse | implode;
def row: "| " + join(" | ") + " |";
def head: row, (map("---") | row);
def used: "\(.gateway // 0 | round) · \(.referral // 0 | round) · \(.postgresql // 0 | round) µs";
{"practice": "one practice", "network": "a network"} as $names
| . as $result
| "\(.at[:10]), \(.cpus) cores, \(.busyBeforePercent)% busy with other work before; medians of \(.rounds) rounds of \(.secondsEach) s, by turns.",
  "",
  (["search, 4 connections, p50 · p99", "\(.fewSlots | thousands) slots", "\(.slots | thousands) slots", "p99 to p99", "wanted", "", "gateway · referral · PostgreSQL, few", "all"] | head),
  (.sizes[] | . as $size | ($result.targets[] | select(.booking[1] == $size.operation)) as $target
    | [$names[.operation], "\(.few.p50Us | ms) · \(.few.p99Us | ms) ms", "\(.all.p50Us | ms) · \(.all.p99Us | ms) ms", (.p99Ratio | fixed(2)), "≤ \($target.atMost)",
       (if $target.reached then "" else "missed" end), (.few.cpuUs | used), (.all.cpuUs | used)] | row)
