# Rounds become medians; round 0 of each phase only warmed up.
def median: sort | .[length / 2 | floor];
def hundredths: . * 100 | round / 100;
. as $rows |
def figures($phase; $operation): [$rows[] | select(.phase == $phase and .operation == $operation and .round > 0)] |
    {rate: ([.[].rate] | median | round), p50Us: ([.[].p50Us] | median), p99Us: ([.[].p99Us] | median), rounds: map({rate, p50Us, p99Us})};
{
    at: $at, cpus: $cpus, busyPercent: $busy, tookS: $took, part: $part,
    targets: {p99Ratio: 1.5, importRatio: 5},
    reads: [reduce $rows[].operation as $o ([]; if index([$o]) then . else . + [$o] end) | .[] as $operation |
        {operation: $operation, llr: figures("llr"; $operation), england: figures("england"; $operation)} |
        . + {ratio: (.england.p99Us / .llr.p99Us | hundredths)}],
    import: {rows: $imported, seconds: ($importS | hundredths), copySeconds: ($copyS | hundredths), ratio: ($importS / $copyS | hundredths)},
    search: {$latham, $lathem}
}
