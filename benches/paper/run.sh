#!/usr/bin/env bash
# The tables and figures of Xie et al. 2016, one by one, as CSV files and pictures.
#
#   benches/paper/run.sh WHAT DATA OUT       WHAT: table2 table3 table4 fig3 fig4 fig5 fig6, or all
#
# Each row comes in two ways: `paper`, the paper's algorithm (first clusters by k-means, no warped images), and `default`,
# dec-gpu's. DATA is the folder with the data sets (benches/quality/sets.txt). What is done already is not done again.
#
# Set by environment variables:
#   DEC_GPU   the program (dec-gpu)          ARGS    further options of every train, e.g. "--backend vulkan --preset paper"
#   SETS      sets of tables 2 and 3 (usps optdigits rcv1-4class)     SEED    (0)
#   LAMBDAS   update intervals of table 2 (the paper's: 10 20 40 … 2560)
#   MAX_STEPS of each run of table 2 (4000; the paper has no bound)
#   R_MINS    of table 4 (0.1 0.3 0.5 0.7 0.9)
#   IMAGES    the set of the figures (mnist)  KS    numbers of clusters of figure 6 (3..19)
#   PYTHON    an interpreter with numpy, scikit-learn and matplotlib (python3)
# `--preset paper` is the paper's schedule in full: 305,000 steps a set, some minutes of a large GPU, hours of a CPU. Without
# it pre-training is that of the preset `fast`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
what=${1:?table2, table3, table4, fig3, fig4, fig5, fig6 or all} data=${2:?the folder with the data sets} out=${3:?the folder for the results}
seed=${SEED:-0}
mkdir -p "$out"

as_the_paper=(--set cluster.first=kmeans --set augment.pretrain=false --set augment.cluster=false)

# path_of SET, classes_of SET: from the list of data sets.
path_of() { awk -v set="$1" '$1 == set { print $2 }' "$here/../quality/sets.txt"; }
classes_of() { awk -v set="$1" '$1 == set { print $3 }' "$here/../quality/sets.txt"; }

# run NAME DATA K OPTION…: one training in OUT/NAME.
run() {
    local name=$1 source=$2 k=$3
    shift 3
    [ -e "$out/$name/metrics.json" ] && return
    echo "$name" >&2
    # shellcheck disable=SC2086
    "${DEC_GPU:-dec-gpu}" train "$source" -k "$k" --seed "$seed" --out "$out/$name" --force ${ARGS:-} "$@" >"$out/$name.log" 2>&1 ||
        { tail -2 "$out/$name.log" >&2; return 1; }
}

# encoder WAY NAME DATA K: pre-trains once, as the paper or by default, in OUT/WAY-NAME-encoder.
encoder() {
    local options=(--set cluster.max-steps=0 --set cluster.min-spread=0)
    [ "$1" = paper ] && options+=("${as_the_paper[@]}")
    run "$1-$2-encoder" "$3" "$4" "${options[@]}"
}

# from WAY NAME: the options that go on from that encoder.
from() {
    go_on=(--pretrained "$out/$1-$2-encoder/model.safetensors")
    if [ "$1" = paper ]; then go_on+=("${as_the_paper[@]}" --set cluster.min-spread=0 --set cluster.roll-back=false); fi
}

both_ways() { # NAME DATA K
    for way in paper default; do
        encoder "$way" "$1" "$2" "$3"
        from "$way" "$1"
        run "$way-$1" "$2" "$3" "${go_on[@]}"
    done
}

# Table 2: accuracy by set, the best of nine update intervals λ as in the paper, and the default.
table2() {
    for set in ${SETS:-usps optdigits rcv1-4class}; do
        both_ways "$set" "$data/$(path_of "$set")" "$(classes_of "$set")"
        for lambda in ${LAMBDAS:-10 20 40 80 160 320 640 1280 2560}; do
            from paper "$set"
            run "paper-$set-lambda$lambda" "$data/$(path_of "$set")" "$(classes_of "$set")" "${go_on[@]}" \
                --set cluster.update-interval="$lambda" --set cluster.max-steps="${MAX_STEPS:-4000}" --set kmeans.baseline=false
        done
    done
    "${PYTHON:-python3}" "$here/tables.py" table2 "$out"
}

# Table 3: what clustering adds to the autoencoder with k-means.
table3() {
    for set in ${SETS:-usps optdigits rcv1-4class}; do
        both_ways "$set" "$data/$(path_of "$set")" "$(classes_of "$set")"
    done
    "${PYTHON:-python3}" "$here/tables.py" table3 "$out"
}

# Table 4: MNIST with classes of unequal sizes.
table4() {
    for r in ${R_MINS:-0.1 0.3 0.5 0.7 0.9}; do
        [ -d "$out/imbalanced-$r" ] || "${PYTHON:-python3}" "$here/imbalanced.py" "$data/mnist" "$r" "$out/imbalanced-$r" "$seed"
        both_ways "imbalanced$r" "$out/imbalanced-$r" 10
    done
    "${PYTHON:-python3}" "$here/tables.py" table4 "$out"
}

images() { # the set of the figures, and its encoder
    set=${IMAGES:-mnist}
    encoder default "$set" "$data/$(path_of "$set")" "$(classes_of "$set")"
    from default "$set"
}

# Figure 3: the ten images of each cluster that are nearest to its centroid.
fig3() {
    images
    run "default-$set" "$data/$(path_of "$set")" "$(classes_of "$set")" "${go_on[@]}"
    [ -e "$out/fig3/exemplars.png" ] ||
        "${DEC_GPU:-dec-gpu}" explain "$out/default-$set" "$data/$(path_of "$set")" --exemplars 10 --out "$out/fig3" --force
    cp "$out/fig3/exemplars.png" "$out/fig3.png"
}

# Figure 4: the gradient's size against q at the start of clustering.
fig4() {
    images
    "${PYTHON:-python3}" "$here/figures.py" fig4 "$out" "default-$set-encoder" "$data/$(path_of "$set")"
}

# Figure 5: accuracy over the steps, and the embedding at five of them. A shorter run is the beginning of the longer one.
fig5() {
    images
    local steps
    for steps in ${SNAPSHOTS:-0 137 411 1370 2740}; do
        run "fig5-$steps" "$data/$(path_of "$set")" "$(classes_of "$set")" "${go_on[@]}" --set kmeans.baseline=false \
            --set cluster.max-steps="$steps" --set cluster.roll-back=false --set cluster.tolerance=0
    done
    "${PYTHON:-python3}" "$here/figures.py" fig5 "$out" "$data/$(path_of "$set")"
}

# Figure 6: the rule's score (the paper: generalisability) and NMI over the number of clusters, from one encoder.
fig6() {
    images
    run fig6-run "$data/$(path_of "$set")" "${KS:-3..19}" "${go_on[@]}" --set kmeans.baseline=false --set cluster.max-steps=2740
    "${PYTHON:-python3}" "$here/figures.py" fig6 "$out"
}

case $what in
all) for each in table2 table3 table4 fig3 fig4 fig5 fig6; do $each; done ;;
table[234] | fig[3456]) $what ;;
*)
    echo "run.sh: no table or figure '$what'; expected table2, table3, table4, fig3, fig4, fig5, fig6 or all" >&2
    exit 2
    ;;
esac
