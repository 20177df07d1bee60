#!/usr/bin/env bash
# Rounds of train (killed and resumed), predict, report and export for so long: no round may fail or differ from the first,
# leave a file more, or take more memory.
#
# usage: benches/reliability/soak.sh SECONDS OUT [train options…], e.g. 3600 /tmp/soak --backend cpu. Needs GNU time.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
seconds=$1 out=$2
shift 2
options+=("$@")
most_kib=1024

mkdir -p "$out"
cd "$out"
rm -rf run whole predictions first encoder.onnx rounds errors.log round
make_data 240 >data.csv
: >rounds
: >errors.log

failures=0
fail() {
    echo "round $round: $*"
    failures=$((failures + 1))
}

# measured NAME ARGUMENTS…: peak KiB and seconds of one command.
measured() {
    local name=$1
    shift
    /usr/bin/time -f "$round $name %M %e" -o round "$program" -q "$@" >/dev/null 2>>errors.log || fail "$name ended with $?"
    grep "^$round $name" round >>rounds || true
}

predict=(predict run/model.safetensors data.csv --backend cpu --out predictions --force)
round=0 kills=0
end=$(($(date +%s) + seconds))
while [ "$(date +%s)" -lt "$end" ]; do
    round=$((round + 1))
    rm -rf run
    for _ in 1 2; do
        "$program" -q train data.csv "${options[@]}" --out run --resume 2>>errors.log &
        sleep "$(awk -v s="$RANDOM" 'BEGIN { print s / 32768 * 1.5 }')"
        kill -KILL $! 2>/dev/null || true
        code=0
        wait $! 2>/dev/null || code=$?
        [ "$code" = 137 ] || break
        kills=$((kills + 1)) code=0
    done
    [ "$code" = 0 ] || fail "train ended with $code"
    if [ ! -e run/metrics.json ] || [ "$(unfinished run)" != 0 ]; then
        measured resume train data.csv "${options[@]}" --out run --resume
    fi
    measured train train data.csv "${options[@]}" --out whole --force
    measured predict "${predict[@]}"
    measured report report run
    measured export export run --out encoder.onnx --force
    [ -d first ] || cp -r whole first
    [ -z "$(differing run first)$(differing whole first)" ] || fail "files differ: $(differing run first) $(differing whole first)"
    cmp -s predictions/labels.csv run/labels.csv || fail "predictions differ"
    echo "$round files $(find . -type f | wc -l) $(unfinished .)" >>rounds
done

# Medians of the first and the last quarter of the rounds.
awk -v rounds=$round -v most=$most_kib '
    function median(values, n,    i, j, v) {
        for (i = 2; i <= n; i++) {
            v = values[i]
            for (j = i - 1; j > 0 && values[j] > v; j--) values[j + 1] = values[j]
            values[j + 1] = v
        }
        return n ? values[int((n + 1) / 2)] : 0
    }
    function quarter(name, column, from, to,    n, i, v) {
        for (i = from; i <= to; i++) if ((i, name, column) in at) v[++n] = at[i, name, column]
        return median(v, n)
    }
    { at[$1, $2, 1] = $3; at[$1, $2, 2] = $4 }
    END {
        q = int(rounds / 4) + (rounds < 4)
        total = split("train resume predict report export", names, " ")
        for (i = 1; i <= total; i++) {
            name = names[i]
            a = quarter(name, 1, 1, q); b = quarter(name, 1, rounds - q + 1, rounds)
            printf "%s: peak %d KiB in the first quarter, %d KiB in the last; %.2f s and %.2f s\n", name, a, b,
                quarter(name, 2, 1, q), quarter(name, 2, rounds - q + 1, rounds)
            if (b - a >= most) grown++
        }
        first = at[1, "files", 1]; last = at[rounds, "files", 1]; left = at[rounds, "files", 2]
        printf "files: %d after the first round, %d after the last, %d unfinished\n", first, last, left
        exit grown || first != last || left
    }' rounds && grown=0 || grown=1
[ $grown = 0 ] || echo "something has grown"
echo "$((round - failures))/$round rounds without a failure, $kills kills"
[ "$failures" = 0 ] && [ $grown = 0 ] && [ $round -gt 0 ]
