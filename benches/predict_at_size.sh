#!/usr/bin/env bash
# Seconds and peak memory of `predict` over many rows: makes them (examples/make_rows.rs, f32), trains a short model on
# the first of them, assigns all, and looks whether every row was written. OUT must have room for about
# ROWS x (8 COLUMNS + 100) bytes; the rows and the model are kept there, the predictions are not.
#
#   benches/predict_at_size.sh OUT
#
# Set by environment variables:
#   ROWS COLUMNS CLUSTERS   of the data (10000000 64 10)
#   ON        where to run ("--backend cpu")
#   ARGS      further options of predict, e.g. "--format npy"
#   LABELS    1: score against the labels too, which are then held in memory (0)
#   DEC_GPU   the program (target/release/dec-gpu, built by cargo)
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
out=${1:?the folder for rows, model and predictions}
n=${ROWS:-10000000} d=${COLUMNS:-64} k=${CLUSTERS:-10} train_rows=20000
dec_gpu=${DEC_GPU:-$here/target/release/dec-gpu}
read -ra on <<<"${ON:---backend cpu}"
read -ra args <<<"${ARGS:-}"
[ -x /usr/bin/time ] || { echo "predict_at_size.sh: no /usr/bin/time; install GNU time (apt-get install time)" >&2; exit 2; }
[ -n "${DEC_GPU:-}" ] || cargo build --release --locked --quiet --manifest-path "$here/Cargo.toml"
mkdir -p "$out"

make() { # N NAME: rows that are not there yet
    [ -e "$out/$2-labels.npy" ] && return
    cargo run --release --locked --quiet --manifest-path "$here/Cargo.toml" --example make_rows -- \
        "$1" "$d" "$k" "$out/$2.part" "$out/$2-labels.part"
    mv "$out/$2.part" "$out/$2.npy" && mv "$out/$2-labels.part" "$out/$2-labels.npy"
}

small=rows-$train_rows-$d-$k large=rows-$n-$d-$k run=$out/run-$d-$k
make "$train_rows" "$small"
make "$n" "$large"
if [ ! -e "$run/metrics.json" ]; then
    "$dec_gpu" train "$out/$small.npy" -k "$k" --out "$run" --force --quiet --backend cpu --set pretrain.steps=300 \
        --set cluster.max-steps=200 --labels "$out/$small-labels.npy"
fi
[ "${LABELS:-0}" = 0 ] || args+=(--labels "$out/$large-labels.npy")
rm -rf "$out/predictions"
/usr/bin/time -f "%e s, %U s of user time, at most %M KiB of memory" \
    "$dec_gpu" predict "$run/model.safetensors" "$out/$large.npy" "${on[@]}" --out "$out/predictions" "${args[@]}"

# Everything before the values of these NPY files takes 128 bytes. Rows of Parquet are not counted.
values() { echo $((($(stat -c %s "$out/predictions/$1.npy") - 128) / 4)); }
if [ -e "$out/predictions/labels.csv" ]; then
    written=$(($(wc -l <"$out/predictions/labels.csv") - 1))
elif [ -e "$out/predictions/labels.npy" ]; then
    written=$(values labels)
else
    written=uncounted
fi
of_q=$(($(values soft_assignment) / k))
rm -rf "$out/predictions"
echo "$n rows of $d values ($(stat -c %s "$out/$large.npy") bytes); $written labels and $of_q rows of q written"
[[ $written = "$n" || $written = uncounted ]] && [ "$of_q" = "$n" ]
