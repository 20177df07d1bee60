#!/usr/bin/env bash
# Times dec-gpu and the tools a user would pick instead on this machine, alternately (A B C A B C …):
# noise and heat then reach all sides. Prints one table; writes it, all rows and the logs to OUT_DIR.
# What cannot run is listed with the reason.
#
#   benches/peers/run_all.sh [OUT_DIR]
#
# Set by environment variables:
#   DEVICE         cpu or gpu; by default gpu where PyTorch sees one
#   ADAPTER        gpu: the adapter dec-gpu takes (a part of its name); by default NVIDIA's
#   ROUNDS         rounds (3)
#   STEPS WARM_UP  measured and unmeasured steps of each row (cpu 60 and 10, gpu 500 and 50)
#   RUN            steps queued before the device is waited for (cpu 1, gpu 50); a JAX scan is 10 steps, on a gpu an epoch
#   BATCHES        batch sizes (256; gpu 256,1024,4096)
#   OPTIMIZER      adam, sgd or both (both)
#   THREADS        binds every program to that many cores (all)
#   PROGRAMS       which to run (ours,torch,kernels,jax,burn)
#   MODES          PyTorch's modes (eager,fused,compile,overhead,graph)
#   LIMIT          seconds after which one program's part of a round is stopped (3600)
#   PYTHON         an interpreter with torch (python3); JAX_PYTHON one with jax (PYTHON)
#   DEC_GPU_BENCH  a built `training` benchmark, for machines without Rust; else cargo builds it
#   BURN           a built burn_step (cargo build --release in burn_step; 280 crates); BURN_ARGS: further options of it
#   DEC_GPU        a built dec-gpu whose `bench` is run instead (more rows); BENCH_ARGS: further options of it
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${1:-$(mktemp -d)}
mkdir -p "$out"
out=$(cd "$out" && pwd)
rows=$out/rows.jsonl
: >"$rows"

python=${PYTHON:-python3}
jax_python=${JAX_PYTHON:-$python}
limit=${LIMIT:-3600}
programs=${PROGRAMS:-ours,torch,kernels,jax,burn}
command -v "$python" >/dev/null || {
    echo "run_all.sh: no $python; set PYTHON to an interpreter" >&2
    exit 2
}

sees_cuda() {
    "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' 2>/dev/null
}

if [ -z "${DEVICE:-}" ]; then
    DEVICE=cpu
    if sees_cuda; then DEVICE=gpu; fi
fi
case $DEVICE in
cpu) steps=60 warm_up=10 run=1 scan=10 batches=256 ;;
gpu) steps=500 warm_up=50 run=50 scan=1000000 batches=256,1024,4096 ;;
*)
    echo "run_all.sh: DEVICE is '$DEVICE', not cpu or gpu" >&2
    exit 2
    ;;
esac
steps=${STEPS:-$steps} warm_up=${WARM_UP:-$warm_up} run=${RUN:-$run} batches=${BATCHES:-$batches}
adapter=${ADAPTER:-NVIDIA}
common=(--steps "$steps" --warm-up "$warm_up" --optimizer "${OPTIMIZER:-both}")

bound=()
if [ -n "${THREADS:-}" ]; then
    command -v taskset >/dev/null || {
        echo "run_all.sh: THREADS needs taskset (util-linux)" >&2
        exit 2
    }
    bound=(taskset -c "0-$((THREADS - 1))")
fi

wants() { [[ ,$programs, == *,$1,* ]]; }

# skip PEER REASON: a row for the whole peer.
skip() {
    "$python" -c 'import json, sys; print(json.dumps({"id": "*", "peer": sys.argv[1], "skipped": sys.argv[2]}))' \
        "$1" "$2" >>"$rows"
}

# take ROUND PEER COMMAND…: adds the command's rows, or the reason why it ended without them.
take() {
    local round=$1 peer=$2 code=0 log=$out/$2.log reason
    shift 2
    echo "  $peer: $*" >&2
    "${bound[@]}" timeout "$limit" "$@" >"$out/part" 2>>"$log" || code=$?
    { grep '^{' "$out/part" || true; } | sed "s/^{/{\"round\": $round, /" >>"$rows"
    rm "$out/part"
    case $code in
    0) return ;;
    124) reason="stopped after $limit s" ;;
    *) reason="exit $code: $(tail -n 1 "$log" | cut -c 1-200)" ;;
    esac
    skip "$peer" "$reason"
}

# The executable that a cargo command makes: COMMAND [OPTIONS].
built() {
    cargo "$@" --message-format json 2>>"$out/cargo.log" |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1
}

# Builds what is not given. Ends with `ours`, which may be empty.
ours=${DEC_GPU_BENCH:-}
if wants ours && [ -z "$ours" ] && [ -z "${DEC_GPU:-}" ]; then
    if command -v cargo >/dev/null; then
        echo "building dec-gpu's benchmark" >&2
        ours=$(built bench --manifest-path "$root/Cargo.toml" --bench training --no-run) || skip dec-gpu "the build failed: $out/cargo.log"
    else
        skip dec-gpu "no cargo here; set DEC_GPU_BENCH to a built training benchmark"
    fi
fi

has_module() { command -v "$1" >/dev/null && "$1" -c "import $2" 2>>"$out/$2.log"; }
has_torch=0 has_jax=0
if wants torch || wants kernels; then
    if has_module "$python" torch; then has_torch=1; else skip torch "$python has no torch (requirements.txt)"; fi
fi
if wants jax; then
    if has_module "$jax_python" jax; then has_jax=1; else skip jax "$jax_python has no jax (requirements.txt)"; fi
fi

burn=${BURN:-}
if wants burn && [ -z "$burn" ]; then
    skip burn "set BURN to a built burn_step"
fi

# burn's wgpu backend on a GPU, its flex backend on the processor.
run_burn() {
    local on=(--backend wgpu) batch extra
    read -ra extra <<<"${BURN_ARGS:-}"
    if [ "$DEVICE" = cpu ]; then on=(--backend cpu); fi
    # One binding of llvmpipe holds 128 MiB, so not all 70,000 rows.
    if [[ $adapter == *llvmpipe* ]]; then on+=(--software --rows 30000); fi
    for batch in ${batches//,/ }; do
        take "$1" burn "$burn" "${common[@]}" --run "$run" --batch "$batch" "${on[@]}" "${extra[@]}"
    done
}

run_ours() {
    local on=() batch extra
    if [ "$DEVICE" = gpu ]; then on=(--adapter "$adapter"); fi
    if [ -n "${DEC_GPU:-}" ]; then
        read -ra extra <<<"${BENCH_ARGS:-}"
        if [ "$DEVICE" = cpu ]; then on=(--backend cpu); fi
        take "$1" dec-gpu "$python" "$here/from_bench.py" "$DEC_GPU" bench -o json \
            --batch "$batches" "${on[@]}" "${extra[@]}"
        return
    fi
    if [ -z "$ours" ]; then return; fi
    for batch in ${batches//,/ }; do
        take "$1" dec-gpu "$ours" "${common[@]}" --run "$run" --batch "$batch" "${on[@]}"
    done
}

modes=()
if [ -n "${MODES:-}" ]; then modes=(--modes "$MODES"); fi
for round in $(seq "${ROUNDS:-3}"); do
    echo "round $round" >&2
    shared=("${common[@]}" --device "$DEVICE" --batch "$batches")
    if wants ours; then run_ours "$round"; fi
    if wants torch && [ $has_torch = 1 ]; then
        take "$round" torch "$python" "$here/torch_step.py" "${shared[@]}" --run "$run" "${modes[@]}"
    fi
    if wants kernels && [ $has_torch = 1 ]; then
        take "$round" torch "$python" "$here/torch_kernels.py" "${shared[@]}" --run "$run"
    fi
    if wants burn && [ -n "$burn" ]; then run_burn "$round"; fi
    if wants jax && [ $has_jax = 1 ]; then
        take "$round" jax "$jax_python" "$here/jax_step.py" "${shared[@]}" --run "$scan"
    fi
done

"$python" "$here/table.py" "$rows" | tee "$out/table.md"
echo "rows, table and logs: $out" >&2
