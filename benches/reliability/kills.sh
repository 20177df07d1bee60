#!/usr/bin/env bash
# Kills trainings at random times and lets them go on: each must end with the files of one that was not killed.
#
# usage: benches/reliability/kills.sh TRIALS OUT [train options…], e.g. 200 /tmp/kills --backend cpu
# Each trial is stopped at random times, at most three times; then it runs to its end. SIGNAL=INT or TERM in place of KILL
# asks for a checkpoint; then the longest time from the signal to the end is told too.
set -euo pipefail
trials=$1 out=$2
shift 2
program=${DEC_GPU:-dec-gpu} signal=${SIGNAL:-KILL}
options=(-k 3 --checkpoint-every 1 --set "network.hidden=[48]" --set network.embedding-dim=3
    --set pretrain.method=layerwise --set pretrain.layer-steps=400 --set pretrain.steps=800 --set pretrain.batch-size=64
    --set kmeans.restarts=2 --set cluster.update-interval=50 --set cluster.max-steps=1500 --set cluster.tolerance=0 "$@")
same=(centroids.npy config.toml confusion.csv embedding.npy labels.csv model.safetensors soft_assignment.npy)

mkdir -p "$out"
cd "$out"
awk 'BEGIN {
    for (j = 0; j < 9; j++) printf "x%d,", j; print "label"
    for (i = 0; i < 240; i++) {
        for (j = 0; j < 9; j++) printf "%.3f,", (j % 3 == i % 3 ? 5 : 0) + ((i * 37 + j * 101) % 19) / 19
        print i % 3
    }
}' >data.csv

began=$(date +%s.%N)
"$program" -q train data.csv "${options[@]}" --out whole --force
whole=$(echo "$(date +%s.%N) - $began" | bc)
echo "not killed: $whole s"

good=0 kills=0 longest=0
for trial in $(seq "$trials"); do
    rm -rf run
    "$program" -q train data.csv "${options[@]}" --out run 2>/dev/null &
    for _ in 1 2 3; do
        sleep "$(awk -v s="$RANDOM" -v most="$whole" 'BEGIN { print s / 32768 * most }')"
        sent=$(date +%s.%N)
        kill "-$signal" $! 2>/dev/null && kills=$((kills + 1)) || true
        wait $! 2>/dev/null || true
        longest=$(echo "$longest $(date +%s.%N) $sent" | awk '{ t = $2 - $3; print (t > $1 ? t : $1) }')
        [ -e run/metrics.json ] && break
        "$program" -q train data.csv "${options[@]}" --out run --resume 2>>errors.log &
    done
    wait $! 2>/dev/null || true
    [ -e run/metrics.json ] || "$program" -q train data.csv "${options[@]}" --out run --resume
    differ=
    for file in "${same[@]}"; do
        cmp -s "run/$file" "whole/$file" || differ="$differ $file"
    done
    if [ -z "$differ" ]; then
        good=$((good + 1))
    else
        echo "trial $trial:$differ differ"
        cp -r run "bad-$trial"
    fi
done
echo "$good/$trials with the same files, $kills signals $signal, at most $longest s until the end"
[ "$good" = "$trials" ]
