#!/usr/bin/env bash
# Fuzzes the readers of files, one after the other, and prints what each run did; ends with 1 if any broke.
#
# usage: benches/reliability/fuzz.sh EXECUTIONS OUT [targets…], e.g. 1000000 /tmp/fuzz npy csv
# Needs `cargo install cargo-fuzz --locked` and a C++ compiler; no nightly: RUSTC_BOOTSTRAP does. A run goes on with the
# corpus that an earlier one left in OUT, where what breaks a reader lies too (OUT/artifacts), and adds a line for each
# target to OUT/runs.tsv. SEED, and the most seconds of a target, MOST, can be set; BUILD=no takes the programs as they are.
#
# Without a sanitizer: the crate has no unsafe code in its readers, and the limit of memory is that of the reader itself.
set -euo pipefail
executions=$1 out=$2
shift 2
mkdir -p "$out/artifacts"
out=$(cd "$out" && pwd)
cd "$(dirname "$0")/../.."
fuzz=tests/fuzz

[ "${BUILD:-yes}" = no ] || RUSTC_BOOTSTRAP=1 cargo fuzz build --fuzz-dir "$fuzz" -s none
programs=$fuzz/target/$(rustc -vV | sed -n 's/^host: //p')/release
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(cargo fuzz list --fuzz-dir "$fuzz")

# Readers of folders write files: into memory where there is such a place.
memory=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")")
trap 'rm -rf "$memory"' EXIT

broken=0
row='%-11s %11s %8s %8s %9s %7s %9s  %s\n'
printf "$row" target executions seconds per-s coverage corpus 'peak MB' result
for target in "${targets[@]}"; do
    # Files of these formats are no files if they are cut to 4 KiB.
    case $target in h5ad | parquet) longest=32768 ;; *) longest=4096 ;; esac
    mkdir -p "$out/corpus/$target"
    log=$out/$target.log result='nothing found'
    TMPDIR=$memory FUZZ_SEEDS=$out/seeds/$target nice -n "${NICE:-10}" "$programs/$target" "$out/corpus/$target" "$out/seeds/$target" \
        -dict="$out/seeds/$target.dict" -artifact_prefix="$out/artifacts/$target-" -seed="${SEED:-1}" \
        -runs="$executions" -max_total_time="${MOST:-0}" -max_len="$longest" -rss_limit_mb=256 -timeout="${TIMEOUT:-60}" \
        -print_final_stats=1 >"$log" 2>&1 || {
        result="BROKEN: $(sed -n 's/.*Test unit written to //p' "$log" | tail -1)"
        broken=1
    }
    stat() { sed -n "s/^stat::$1: *//p" "$log" | tail -1; }
    last() { grep -o "$1: [0-9]*" "$log" | tail -1 | grep -o '[0-9]*$' || echo -; }
    seconds=$(sed -n 's/^Done .* in \([0-9]*\) second.*/\1/p' "$log")
    cells=("$target" "$(stat number_of_executed_units)" "${seconds:--}" "$(stat average_exec_per_sec)" "$(last cov)"
        "$(find "$out/corpus/$target" -type f | wc -l)" "$(stat peak_rss_mb)" "$result")
    printf "$row" "${cells[@]}"
    (IFS=$'\t' && echo "$(date -u +%FT%TZ)	$(git rev-parse --short HEAD)	${cells[*]}") >>"$out/runs.tsv"
done
exit $broken
