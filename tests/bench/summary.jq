# All measurements of a run to medians, ratios and figures, each next to its target. A ratio is the median of the rounds' own ratios: the two
# sides of a round ran side by side, which the medians of each did not.
def median: sort | if length == 0 then null elif length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
# The medians of each number in objects alike.
def medians: . as $all | map(keys) | add | unique | map({(.): (. as $key | $all | map(.[$key] // empty) | median)}) | add // {};

. as $runs
| def rates($side; $place; $operation; $connections; $round):
    [$runs[] | select(.side == $side and .place == $place and .operation == $operation and .round == $round
        and ($connections == null or .connections == $connections)) | .rate];
  def ratio($target; $round):
    # pgbench counts with its best number of clients.
    (if $target.against == "pgbench" then rates("pgbench"; "direct"; $target.operation; null; $round) | max
     else rates($target.against; $target.place; $target.operation; $target.connections; $round)[0] end) as $other
    | rates("pcn"; $target.place; $target.operation; $target.connections; $round)[0] / $other;
  def reached: if .atLeast then .is >= .atLeast else .is <= .atMost end;
  # At half of the peak rate, by operation.
  def halves($side): $half[0] | map(select(.side == $side)) | group_by(.operation) | map({(.[0].operation):
    ({connections: .[0].connections, rate: .[0].rate, p50Us: (map(.p50Us) | median), p99Us: (map(.p99Us) | median)} | .p99ToP50 = .p99Us / .p50Us)}) | add;
  {
    at: $at,
    cpus: $cpus,
    busyBeforePercent: $busy,
    secondsEach: $seconds,
    tookSeconds: $took,
    upSeconds: $up,
    rounds: ([$runs[].round] | max),
    measurements: (
      $runs | group_by([.side, .place, .operation, .connections]) | map({
        side: .[0].side, place: .[0].place, operation: .[0].operation, connections: .[0].connections,
        rate: (map(.rate) | median), rates: map(.rate),
        p50Us: (map(.p50Us // empty) | median), p99Us: (map(.p99Us // empty) | median),
        cpuUs: (map(.cpuUs // {}) | medians),
        errors: (map(.errors // 0) | add)
      })),
    half: halves("pcn"),
    rivalHalf: halves("rival"),
    # Absolute, since nothing else on the machine does the same job.
    events: ($events[0] | {
      liveRate: (.live | map(.rate) | median), liveP50Us: (.live | map(.p50Us) | median), liveP99Us: (.live | map(.p99Us) | median),
      catchUpEvents: (.catchUp | map(.events) | max), catchUpRate: (.catchUp | map(.rate) | median)}),
    memory: {requests: $asked, idleKiB: $memoryIdle, afterKiB: $memoryAfter, idleMiB: ([$memoryIdle[]] | max / 1024),
      growth: ([$memoryIdle | to_entries[] | $memoryAfter[.key] / .value] | max)},
    wire: ($wire[0] | group_by([.wire, .curve, .inFlight]) | map({wire: .[0].wire, curve: .[0].curve, inFlight: .[0].inFlight,
      rate: (map(.rate) | median), clientUs: (map(.clientUs) | median), serverUs: (map(.serverUs) | median)}))
  }
| . as $result
| .ratios = ($targets[0] | map(select(.against) | . as $target | [range(1; $result.rounds + 1) | ratio($target; .)] as $all
    | . + {is: ($all | median), ratios: $all} | .reached = reached))
| .figures = ($targets[0] | map(select(.figure) | . as $target | . + {is: ($result | getpath($target.figure))} | select(.is != null)
    | .is = .is / (.per // 1) | .reached = reached))
