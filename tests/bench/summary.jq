# All measurements of a run to medians and ratios. A ratio is the median of the rounds' own ratios: the two sides of a round ran side by
# side, which the medians of each did not.
def median: sort | if length == 0 then null elif length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;

. as $runs
| def rates($side; $place; $operation; $connections; $round):
    [$runs[] | select(.side == $side and .place == $place and .operation == $operation and .round == $round
        and ($connections == null or .connections == $connections)) | .rate];
  def ratio($target; $round):
    # pgbench counts with its best number of clients.
    (if $target.against == "pgbench" then rates("pgbench"; "direct"; $target.operation; null; $round) | max
     else rates($target.against; $target.place; $target.operation; $target.connections; $round)[0] end) as $other
    | rates("pcn"; $target.place; $target.operation; $target.connections; $round)[0] / $other;
  {
    at: $at,
    cpus: $cpus,
    busyBeforePercent: $busy,
    secondsEach: $seconds,
    tookSeconds: $took,
    rounds: ([$runs[].round] | max),
    measurements: (
      $runs | group_by([.side, .place, .operation, .connections]) | map({
        side: .[0].side, place: .[0].place, operation: .[0].operation, connections: .[0].connections,
        rate: (map(.rate) | median), rates: map(.rate),
        p50Us: (map(.p50Us // empty) | median), p99Us: (map(.p99Us // empty) | median),
        errors: (map(.errors // 0) | add)
      })),
    # Absolute, since nothing else on the machine does the same job.
    events: ($events[0] | {
      liveRate: (.live | map(.rate) | median), liveP50Us: (.live | map(.p50Us) | median), liveP99Us: (.live | map(.p99Us) | median),
      catchUpEvents: (.catchUp | map(.events) | max), catchUpRate: (.catchUp | map(.rate) | median)}),
    ratios: ($targets[0] | map(. as $target | [range(1; ([$runs[].round] | max) + 1) | ratio($target; .)] as $all
      | . + {ratio: ($all | median), ratios: $all} | . + {reached: (.ratio >= .atLeast), share: (.ratio / .atLeast)}))
  }
