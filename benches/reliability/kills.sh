#!/usr/bin/env bash
# Kills trainings at random times and lets them go on: each must end with the files of one that was not killed.
#
# usage: benches/reliability/kills.sh TRIALS OUT [train options…], e.g. 200 /tmp/kills --backend cpu
# Each trial is stopped at random times, at most three times; then it runs to its end. SIGNAL=INT or TERM in place of KILL
# asks for a checkpoint; then the longest time from the signal to the end is told too.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
trials=$1 out=$2
shift 2
options+=("$@")
signal=${SIGNAL:-KILL}
ended=$((128 + $(kill -l "$signal"))) # how a shell tells of it

mkdir -p "$out"
cd "$out"
rm -rf run whole bad-* phases errors.log
make_data 240 >data.csv
touch phases

# The shorter of two: where the machine is busy, most kills would come too late.
whole=1000
for _ in 1 2; do
    began=$(now)
    "$program" -q train data.csv "${options[@]}" --out whole --force
    whole=$(echo "$(now) $began $whole" | awk '{ t = $1 - $2; print (t < $3 ? t : $3) }')
done
echo "not killed: $whole s"

# Nothing is left to do, though the process may not have ended.
is_done() {
    [ -e run/metrics.json ] && [ "$(unfinished run)" = 0 ]
}

# Where the run was when it was killed, by what lies in its folder.
phase() {
    local newest
    is_done && echo "after its last file" && return
    newest=$(ls run/checkpoint/*.safetensors 2>/dev/null | tail -n 1) || true
    if [ -e run/metrics.json ]; then
        echo "as its checkpoints were removed"
    elif [ -e run/config.toml ]; then
        echo "as results were written"
    elif [ -n "$newest" ]; then
        echo "after a checkpoint of: $(grep -ao '"phase":"[^"]*"' "$newest" | cut -d'"' -f4)"
    else
        echo "before its first checkpoint"
    fi
}

good=0 hit=0 kills=0 torn=0 longest=0
for trial in $(seq "$trials"); do
    rm -rf run
    midway=0
    for _ in 1 2 3; do
        "$program" -q train data.csv "${options[@]}" --out run --resume 2>>errors.log &
        sleep "$(awk -v s="$RANDOM" -v most="$whole" 'BEGIN { print s / 32768 * most }')"
        sent=$(now)
        kill "-$signal" $! 2>/dev/null || true
        code=0
        wait $! 2>/dev/null || code=$?
        # One that was faster has ended by itself.
        [ "$code" = "$ended" ] || break
        code=0
        phase >>phases
        ! is_done || break
        midway=1 kills=$((kills + 1))
        longest=$(echo "$longest $(now) $sent" | awk '{ t = $2 - $3; print (t > $1 ? t : $1) }')
        ! ls run/.dec-gpu-*.tmp run/*/.dec-gpu-*.tmp >/dev/null 2>&1 || torn=$((torn + 1))
    done
    hit=$((hit + midway))
    if [ "$code" = 0 ] && ! is_done; then
        "$program" -q train data.csv "${options[@]}" --out run --resume 2>>errors.log || code=$?
    fi
    wrong=$(differing run whole)
    if [ "$code" = 0 ] && [ -z "$wrong" ] && [ "$(unfinished run)" = 0 ]; then
        good=$((good + 1))
    else
        echo "trial $trial: ended with $code, $(unfinished run) unfinished files; differing:" $wrong
        cp -r run "bad-$trial"
    fi
done
sort phases | uniq -c
echo "$good/$trials with the same files; $hit were killed midway, $kills signals $signal in all, $torn in the midst of a file;" \
    "at most $longest s until the end"
[ "$good" = "$trials" ] && [ "$hit" -ge $((trials / 2)) ]
