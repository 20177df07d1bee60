#!/usr/bin/env bash
# Clusters every set of sets.txt with the defaults and from several seeds, and prints the table of docs/results.md.
# A set whose file is missing is named and left out. What is done already (OUT/SET-SEED) is not done again.
#
#   benches/quality/run.sh DATA OUT
#
# Set by environment variables:
#   SETS      names from sets.txt (all)
#   SEEDS     seeds ("0 1 2")
#   DEC_GPU   the program (dec-gpu); ARGS further options of train, e.g. "--backend cpu"
#   PRETRAINED  a folder with DIR/SET-SEED/model.safetensors, made by the same command with
#             --set cluster.max-steps=0 --set cluster.min-spread=0: pre-training is not done again, the result is the same
#             to the bit (tests/cli/pretrained.rs). A set that is not there is pre-trained.
#   PYTHON    an interpreter with benches/peers/requirements.txt: the methods of PEERS are run too
#   PEERS     "graph clustpy": graph_methods.py, and ClustPy's DEC and IDEC with their own defaults
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=${1:?the folder with the data sets} out=${2:?the folder for the runs}
mkdir -p "$out"

ours() { # NAME PATH K SEED
    local run=$out/$1-$4
    [ -e "$run/metrics.json" ] && return
    echo "$1, seed $4" >&2
    local model=${PRETRAINED:-}/$1-$4/model.safetensors from=()
    if [ -n "${PRETRAINED:-}" ] && [ -e "$model" ]; then from=(--pretrained "$model"); fi
    # shellcheck disable=SC2086
    "${DEC_GPU:-dec-gpu}" train "$data/$2" -k "$3" --seed "$4" --out "$run" --force ${from[@]+"${from[@]}"} ${ARGS:-} >"$out/$1-$4.log" 2>&1 ||
        { echo "failed: $(tail -1 "$out/$1-$4.log")" >&2; return 1; }
}

clustpy() { # NAME PATH K SEED
    local row=$out/$1-$4.clustpy.json
    [ -s "$row" ] && return
    echo "$1, seed $4, ClustPy" >&2
    "$PYTHON" "$here/../peers/clustpy_run.py" "$data/$2" -k "$3" --seed "$4" >"$row.part"
    mv "$row.part" "$row"
}

graph() { # NAME PATH K
    local rows=$out/$1.graph.jsonl
    [ -s "$rows" ] && return
    echo "$1, methods of a graph" >&2
    # shellcheck disable=SC2086
    "$PYTHON" "$here/../peers/graph_methods.py" "$data/$2" -k "$3" --seeds ${SEEDS:-0 1 2} >"$rows.part"
    mv "$rows.part" "$rows"
}

peers=" ${PEERS:-graph clustpy} "
failed=0
while read -r name path k; do
    [[ -z $name || $name == \#* ]] && continue
    [[ -n ${SETS:-} && " $SETS " != *" $name "* ]] && continue
    if [ ! -e "$data/$path" ]; then
        echo "$name: no $data/$path, left out" >&2
        continue
    fi
    for seed in ${SEEDS:-0 1 2}; do
        ours "$name" "$path" "$k" "$seed" </dev/null || failed=1
        if [[ -n ${PYTHON:-} && $peers == *" clustpy "* ]]; then
            clustpy "$name" "$path" "$k" "$seed" </dev/null || failed=1
        fi
    done
    if [[ -n ${PYTHON:-} && $peers == *" graph "* ]]; then
        graph "$name" "$path" "$k" </dev/null || failed=1
    fi
done <"$here/sets.txt"
python3 "$here/table.py" "$out"
exit $failed
