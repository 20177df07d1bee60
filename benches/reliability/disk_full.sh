#!/usr/bin/env bash
# No room on the disk, four ways: /dev/full, a small file system, a limit of file sizes, a quota (made by tests/faults/shim.c).
# Every command must end with 6 and say what it could not write, leave earlier results as they were, and nothing unfinished.
#
# usage: benches/reliability/disk_full.sh OUT; the small file system is mounted, which takes root. Needs cc.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
out=$1
mkdir -p "$out"
cd "$out"
out=$PWD
rm -rf earlier used small shim.so
make_data 240 >data.csv
cc -shared -fPIC -O1 -o shim.so "$here/../../tests/faults/shim.c"

# Earlier results of every command in one folder.
quick=("${options[@]}" --set pretrain.layer-steps=50 --set pretrain.steps=100 --set cluster.max-steps=100 --backend cpu)
"$program" -q train data.csv "${quick[@]}" --seed 1 --out earlier/run
"$program" -q predict earlier/run/model.safetensors data.csv --backend cpu --out earlier/predictions
"$program" -q export earlier/run --out earlier/encoder.onnx

declare -A commands=(
    [train]="train $out/data.csv ${quick[*]} --out run --force"
    [predict]="predict $out/earlier/run/model.safetensors $out/data.csv --backend cpu --out predictions --force"
    [report]="report run"
    [export]="export run --out encoder.onnx --force"
)
# What a command prints when stdout is a device that is full.
declare -A printing=([train]=--json [predict]=--json [report]= [export]=)

good=0 total=0
# expect WAY COMMAND CODE WORDS FOLDER [new]: of the command that has just ended with $code. The earlier results lie in the
# folder as they were, or new ones do.
expect() {
    local why= changed=
    [ "$code" = "$3" ] || why+=" exit code $code, expected $3;"
    [ -z "$4" ] || grep -q "$4" stderr || why+=" does not say '$4';"
    ! grep -q panicked stderr || why+=" panics;"
    ! find "$5" -name '.dec-gpu-*.tmp' | grep -q . || why+=" leaves temporary files;"
    [ "${6-}" = new ] || changed=$(cd earlier && find . -type f -exec cmp -s {} "$out/$5/{}" \; -o -type f -print)
    [ -z "$changed" ] || why+=" changes earlier results: $changed;"
    [ -e "$5/run/metrics.json" ] || why+=" leaves no whole run;"
    total=$((total + 1))
    if [ -z "$why" ]; then
        good=$((good + 1))
        echo "ok    $1, $2: $(tail -n 1 stderr)"
    else
        echo "WRONG $1, $2:$why $(tail -n 1 stderr)"
    fi
}

# run_in FOLDER COMMAND MORE…: $code is how it ends.
run_in() {
    local folder=$1 command=$2
    shift 2
    code=0
    # Unquoted: the words of a command hold no spaces.
    (cd "$folder" && exec "$@" "$program" -q ${commands[$command]}) >/dev/null 2>stderr || code=$?
}

for command in train predict report export; do
    # Results are whole, only nobody is told.
    rm -rf used && cp -r earlier used
    code=0
    (cd used && exec "$program" ${commands[$command]} ${printing[$command]}) >/dev/full 2>stderr || code=$?
    expect "stdout is full" "$command" 6 "cannot write standard output" used new
    rm -rf used && cp -r earlier used
    code=0
    (cd used && exec "$program" ${commands[$command]}) >/dev/null 2>/dev/full || code=$?
    echo "nothing, as it should" >stderr
    expect "stderr is full" "$command" 0 "" used new

    rm -rf used && cp -r earlier used
    run_in used "$command" bash -c 'ulimit -f 1; exec "$0" "$@"'
    expect "file sizes limited to 1 KiB" "$command" 6 "error: cannot write" used

    for quota in 0 500; do
        rm -rf used && cp -r earlier used
        run_in used "$command" env LD_PRELOAD="$out/shim.so" DEC_GPU_FAULT="write:/used/:$quota:quota"
        expect "quota of $quota bytes" "$command" 6 "error: cannot write" used
    done
done

mkdir small
if mount -t tmpfs -o size=1m tmpfs small 2>stderr; then
    trap 'umount "$out/small"' EXIT
    for command in train predict report export; do
        rm -rf small/* && cp -r earlier/* small/
        dd if=/dev/zero of=small/filler bs=4096 status=none 2>/dev/null || true
        run_in small "$command" env
        expect "file system of 1 MiB" "$command" 6 "error: cannot write.*No space left" small
    done
else
    echo "no file system could be mounted: $(cat stderr)"
    exit 1
fi
echo "$good/$total commands end as they should on a full disk"
[ "$good" = "$total" ]
