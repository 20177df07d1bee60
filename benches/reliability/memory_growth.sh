#!/usr/bin/env bash
# The resident set of a training over tens of thousands of steps: it must not grow after a warm-up of 2,000.
#
# usage: benches/reliability/memory_growth.sh STEPS OUT [train options…], e.g. 60000 /tmp/memory --backend cpu
# STEPS of pre-training, then as many of clustering, with checkpoints every second. A sample is taken five times a second;
# what step it belongs to is read from the progress, which tells one every five seconds, so it is of that step or a later
# one. A software adapter's buffers are in the resident set too.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
steps=$1 out=$2
shift 2
warm_up=2000 least=8000 most_kib=1024

mkdir -p "$out"
cd "$out"
rm -rf run samples
make_data 2000 >data.csv
"$program" train data.csv "${options[@]}" --set pretrain.method=end-to-end --set pretrain.steps="$steps" \
    --set pretrain.held-out=0 --set cluster.max-steps="$steps" --set cluster.roll-back=false "$@" \
    --out run --force >/dev/null 2>log &
training=$!
while kill -0 $training 2>/dev/null; do
    sleep 0.2
    step=$(grep -oE '^(pretrain|cluster) [0-9]+/' log | tail -n 1 | tr -d /) || continue
    rss=$(awk '/^VmRSS/ { print $2 }' /proc/$training/status 2>/dev/null) || continue
    maps=$(wc -l 2>/dev/null </proc/$training/maps) || continue
    [ -z "$rss" ] || echo "$step $rss $maps" >>samples
done
wait $training

# Between a phase's first sample after the warm-up and its last before the end.
awk -v warm_up=$warm_up -v steps="$steps" -v least=$least -v most=$most_kib '
    $2 < warm_up || $2 >= steps { next }
    !($1 in first) { first[$1] = $2; rss[$1] = $3; maps[$1] = $4 }
    { last[$1] = $2; end[$1] = $3; end_maps[$1] = $4; if ($3 > peak[$1]) peak[$1] = $3 }
    END {
        total = split("pretrain cluster", phases, " ")
        for (i = 1; i <= total; i++) {
            p = phases[i]; grown = end[p] - rss[p]
            printf "%s: step %d %d KiB, step %d %d KiB, at most %d KiB: %+d KiB over %d steps, mappings %d and %d\n",
                p, first[p], rss[p], last[p], end[p], peak[p], grown, last[p] - first[p], maps[p], end_maps[p]
            if (last[p] - first[p] >= least && grown < most) good++
        }
        printf "%d/%d phases grow by less than %d KiB over at least %d steps\n", good, total, most, least
        exit good != total
    }' samples
