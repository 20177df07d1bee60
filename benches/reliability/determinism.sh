#!/usr/bin/env bash
# The same training several times, on one core and with one thread: the results must have the same bytes.
#
# usage: benches/reliability/determinism.sh OUT [train options…], e.g. /tmp/same --backend cpu
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
out=$1
shift

mkdir -p "$out"
cd "$out"
rm -rf run-* sums
make_data 2000 >data.csv

# sum_of NAME COMMAND…: the command before the program says with what it runs.
sum_of() {
    local name=$1
    shift
    "$@" "$program" -q train data.csv "${options[@]}" "${more[@]}" --out "run-$name"
    (cd "run-$name" && sha256sum "${same[@]}" explain/*.csv explain/*.npy) | sha256sum | cut -d' ' -f1 >sum
    echo "$(cat sum) $name" | tee -a sums
}

# Products large enough to be split over threads.
more=(--set "network.hidden=[256,128]" --set pretrain.batch-size=256 --set pretrain.layer-steps=60 --set pretrain.steps=120
    --set cluster.max-steps=200 "$@")
for run in 1 2 3; do
    sum_of "$run" env
done
sum_of one-core taskset -c 0
sum_of one-thread env RAYON_NUM_THREADS=1 LP_NUM_THREADS=1
sum_of two-threads env RAYON_NUM_THREADS=2 LP_NUM_THREADS=2
good=$(grep -c "^$(head -n 1 sums | cut -d' ' -f1)" sums)
total=$(wc -l <sums)
echo "$good/$total runs with the same bytes"
[ "$good" = "$total" ]
