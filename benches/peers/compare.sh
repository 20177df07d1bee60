#!/usr/bin/env bash
# Times dec-gpu and PyTorch alternately (A B A B …) on this machine and prints the ratio for each
# benchmark id: noise and heat then reach both sides. Set PYTHON to an interpreter with torch
# (requirements.txt), ROUNDS to the number of rounds (3), STEPS to the measured steps of each (200).
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${PYTHON:-python3}
rounds=${ROUNDS:-3}
steps=${STEPS:-200}
"$python" -c 'import torch' || {
    echo "compare.sh: $python has no torch; pip install -r benches/peers/requirements.txt, or set PYTHON" >&2
    exit 2
}

results=$(mktemp -d)
trap 'rm -r "$results"' EXIT
cargo bench --bench training --no-run
for round in $(seq "$rounds"); do
    echo "round $round of $rounds" >&2
    cargo bench --quiet --bench training -- --steps "$steps" | grep '^{' >>"$results/ours"
    "$python" benches/peers/torch_step.py --steps "$steps" >>"$results/theirs"
done

"$python" - "$results/ours" "$results/theirs" <<'TABLE'
import json, statistics, sys

def read(path):
    """Per id: the median over the rounds of each round's median, and who it was."""
    lines = [json.loads(line) for line in open(path)]
    by_id = {}
    for line in lines:
        by_id.setdefault(line["id"], []).append(line)
    return by_id

ours, theirs = map(read, sys.argv[1:])
common = [name for name in ours if name in theirs]
if not common:
    sys.exit("compare.sh: the two sides share no benchmark id")
print(f"{'id':<32} {'dec-gpu ms':>11} {'torch ms':>10} {'torch/dec-gpu':>14}   per round")
for name in common:
    a, b = ([line["median_ms"] for line in side[name]] for side in (ours, theirs))
    rounds = " ".join(f"{y / x:.2f}" for x, y in zip(a, b))
    a, b = statistics.median(a), statistics.median(b)
    print(f"{name:<32} {a:>11.2f} {b:>10.2f} {b / a:>14.2f}   {rounds}")
first, second = ours[common[0]][0], theirs[common[0]][0]
print(f"dec-gpu: {first['version']}, {first['threads']} threads; {second['version']}, {second['threads']} threads")
TABLE
