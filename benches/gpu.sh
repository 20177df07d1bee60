#!/usr/bin/env bash
# Everything there is to know about a machine's GPU, in one go and in this order: is it right, how fast is it, how fast
# are the tools a user would pick instead. Nothing is timed on a GPU that is not right.
#
#   benches/gpu.sh OUT_DIR
#
# Set by environment variables:
#   DEC_GPU        a built dec-gpu (target/release/dec-gpu, or cargo builds it)
#   BACKEND        vulkan, metal or dx12 (vulkan)
#   ADAPTER        a part of the adapter's name (NVIDIA)
#   TESTS          a folder with the built test programs `kernels` and `training`; they are skipped without it, which
#                  the summary says (`verify` runs the same cases)
#   BENCH_ARGS     further options of every `dec-gpu bench`, e.g. --quick
#   DATA CLUSTERS  data for two whole runs and for eight short ones, side by side and not, and their number of clusters (none; 10)
#   PEERS          1: run benches/peers/run_all.sh too, which has variables of its own (1)
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?benches/gpu.sh: name a folder for the results}
mkdir -p "$out"
out=$(cd "$out" && pwd)
dec_gpu=${DEC_GPU:-$here/../target/release/dec-gpu}
on=(--backend "${BACKEND:-vulkan}" --adapter "${ADAPTER:-NVIDIA}")
read -ra bench_args <<<"${BENCH_ARGS:-}"
failed=0

if [ ! -x "$dec_gpu" ]; then
    cargo build --release --locked --manifest-path "$here/../Cargo.toml" || exit 2
fi

# step NAME COMMAND…: its output to NAME.log, its result and seconds to the summary.
step() {
    local name=$1 code=0 start=$SECONDS
    shift
    echo "== $name: $*" >&2
    "$@" >"$out/$name.log" 2>&1 || code=$?
    if [ "$code" != 0 ]; then
        failed=$((failed + 1))
        tail -n 5 "$out/$name.log" >&2
    fi
    echo "| $name | $code | $((SECONDS - start)) |" | tee -a "$out/summary.md" >&2
    return "$code"
}

printf '%s\n\n| step | exit | s |\n|---|---:|---:|\n' "$("$dec_gpu" --version), $(date -u +%F)" >"$out/summary.md"

step devices "$dec_gpu" devices || exit 4
right=1
step verify "$dec_gpu" verify "${on[@]}" || right=0
for test in kernels training; do
    if [ -n "${TESTS:-}" ]; then
        step "test-$test" "$TESTS/$test" || right=0
    else
        echo "| test-$test | not run: TESTS is not set | |" >>"$out/summary.md"
    fi
done
if [ $right = 0 ]; then
    echo "gpu.sh: this device is not right, so nothing is timed: $out" >&2
    exit 1
fi

step bench "$dec_gpu" bench "${on[@]}" "${bench_args[@]}" -o json --out "$out/bench.json"
if [ -n "${DATA:-}" ]; then
    for preset in fast balanced; do
        step "train-$preset" "$dec_gpu" train "$DATA" -k "${CLUSTERS:-10}" "${on[@]}" --preset $preset --out "$out/run-$preset" --force
    done
    for together in 1 8; do # short runs: it is the ratio of their seconds that counts
        step "runs-together-$together" "$dec_gpu" train "$DATA" -k "${CLUSTERS:-10}" "${on[@]}" --runs 8 --together $together \
            --set pretrain.steps=1000 --set cluster.max-steps=500 --set kmeans.baseline=false --out "$out/runs-$together" --force
    done
fi
if [ "${PEERS:-1}" = 1 ]; then
    ADAPTER=${ADAPTER:-NVIDIA} DEC_GPU=$dec_gpu step peers "$here/peers/run_all.sh" "$out/peers"
fi
cat "$out/summary.md"
exit $((failed > 0))
