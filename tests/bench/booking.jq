# All measurements of a run of booking.sh to medians and ratios. A ratio is the median of the rounds' own ratios.
def median: sort | if length == 0 then null elif length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def medians: . as $all | map(keys) | add | unique | map({(.): (. as $key | $all | map(.[$key] // empty) | median)}) | add // {};
def figures: {rate: (map(.rate) | median), p50Us: (map(.p50Us // empty) | median), p99Us: (map(.p99Us // empty) | median), cpuUs: (map(.cpuUs // {}) | medians),
  refused: (map(.refused // 0) | add), requests: (map(.requests // 0) | add), rounds: map(.rate)};

[.[] | select(.round > 0)] as $runs
| [$runs[] | select(.phase == "sides")] as $sides
| def ratio($against; $operation; $connections):
    [range(1; ([$sides[].round] | max) + 1) as $round
      | ($sides[] | select(.side == "pcn" and .operation == $operation and .connections == $connections and .round == $round) | .rate)
        / ($sides[] | select(.side == $against and .operation == $operation and .round == $round
            and (.connections == $connections or $against == "pgbench")) | .rate)] | median;
  {
    at: $at, cpus: $cpus, busyBeforePercent: $busy, secondsEach: $seconds, tookSeconds: $took, rounds: ([$runs[].round] | max), part: $part,
    fewSlots: $few, slots: $slots, bookings: $bookings,
    measurements: ($sides | group_by([.side, .operation, .connections])
      | map({side: .[0].side, operation: .[0].operation, connections: .[0].connections} + figures)),
    ratios: [["practice", 32], ["network", 32], ["book", 32], ["book", 128], ["contend", 64]]
      | map({operation: .[0], connections: .[1], rival: ratio("rival"; .[0]; .[1]), pgbench: ratio("pgbench"; .[0]; .[1])}),
    sizes: (["practice", "network"] | map(. as $operation
      | {operation: $operation,
         few: ([$runs[] | select(.phase == "few" and .operation == $operation)] | figures),
         all: ([$runs[] | select(.phase == "all" and .operation == $operation)] | figures)}
      | .p99Ratio = ([range(1; ([$runs[].round] | max) + 1) as $round
          | [("all", "few") as $phase | $runs[] | select(.phase == $phase and .operation == $operation and .round == $round) | .p99Us] | .[0] / .[1]] | median))),
    # The best trial that held and what it took of the cores; the first one above that did not.
    morning: (($morning[0] // []) | group_by(.side) | map({(.[0].side): {
      share: ([.[] | select(.holds) | .share] | max // 0),
      best: ([.[] | select(.holds)] | max_by(.share)),
      beyond: ([.[] | select(.holds | not)] | min_by(.share)),
      trials: map({share, rate, holds, searchP99Us: .searches.p99, bookingP99Us: .bookings.p99})}}) | add)
  }
| . as $result
| .targets = ($targets[0] | map(select(.booking) | . as $target
    | . + {is: ($result.sizes[] | select(.operation == $target.booking[1]) | .p99Ratio)} | .reached = (.is <= .atMost)))
