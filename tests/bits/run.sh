#!/usr/bin/env bash
# The bits of short runs: sha256 of what each leaves in its run folder, on the CPU and on llvmpipe. A change that should
# not change any result is held to them:
#   tests/bits/run.sh target/release/dec-gpu > bits.txt && diff tests/bits/expected.txt bits.txt
# The CPU's products take the instructions it has, and llvmpipe's code is that of its LLVM, so the table is of one machine:
# make it anew from the commit before the change where the machine is another.
set -euo pipefail
bin=$(realpath "$1")
only=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# A sparse set: 600 rows of 300 columns, three groups whose words differ, about 16 a row.
awk 'BEGIN { s = 7; for (i = 0; i < 600; i++) { line = i % 3; for (j = 1; j <= 300; j++) {
    s = (s * 16807) % 2147483647; most = (j % 3 == i % 3) ? 0.12 : 0.03;
    if (s / 2147483647 < most) { s = (s * 16807) % 2147483647; line = line " " j ":" 1 + s % 3 } } print line } }' > words.svmlight

# Images: 500 of 16 x 16 pixels, a bar that lies, stands or leans, somewhere, with noise (IDX).
perl -e 'binmode STDOUT; print pack("CCCCNNN", 0, 0, 8, 3, 500, 16, 16);
    for $i (0 .. 499) { $s = ($s * 16807 + 11) % 2147483647; $at = 3 + $s % 9;
        for $y (0 .. 15) { for $x (0 .. 15) { $s = ($s * 16807 + 11) % 2147483647;
            $d = abs((($y, $x, ($x + $y) / 2)[$i % 3]) - $at); print chr(int(($d < 1.5 ? 200 : 20) + $s % 40)) } } }' > bars.idx3-ubyte

short=(--set pretrain.steps=120 --set neighbours.steps=40 --set neighbours.pretrain-steps=120 --set cluster.max-steps=120
    --set cluster.update-interval=30 --set kmeans.restarts=3)
run() {
    local name=$1
    shift
    for where in cpu llvmpipe; do
        [[ -z $only || "$name-$where" =~ $only ]] || continue
        device=(--backend cpu)
        [ $where = cpu ] || device=(--backend vulkan --adapter llvmpipe)
        "$bin" train "$@" "${short[@]}" "${device[@]}" --out "$name-$where" -q 2> err.txt || { cat err.txt >&2; exit 1; }
        for file in labels.csv soft_assignment.npy embedding.npy; do
            printf '%s  %s/%s\n' "$(sha256sum < "$name-$where/$file" | cut -c1-64)" "$name-$where" "$file"
        done
    done
}

run neighbours
run plain --set neighbours.space=off
run layerwise --set neighbours.space=off --set pretrain.method=layerwise --set pretrain.layer-steps=30 --set pretrain.dropout=0.2
run idec --set cluster.gamma=0.1
run warped bars.idx3-ubyte -k 3 --set neighbours.space=off --set augment.pretrain=true --set augment.cluster=true
run words words.svmlight -k 3
run words-plain words.svmlight -k 3 --set neighbours.space=off
run runs --runs 3 --together 3 --set neighbours.space=off
run choose -k 9..10 --set neighbours.space=off
