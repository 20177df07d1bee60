#!/usr/bin/env bash
# The GPU tests on every implementation that this machine has or can unpack, and a matrix of what came out:
#
#   ./test.sh --all-adapters                             the ordinary tests, then this
#   tests/drivers.sh                                     this alone
#   ROWS=swiftshader WAYS=checked TESTS=kernels tests/drivers.sh
#
# ROWS, the implementations: `machine-vulkan`, `machine-metal`, `machine-dx12` and `machine-gl` are what the machine has by
# itself, all adapters of that backend; `backports-vulkan` and `backports-gl` are Mesa of Debian's backports,
# `swiftshader` is that of Debian's chromium. What is not installed is unpacked into target/drivers (.ci/debs);
# nothing is installed.
# WAYS: `default` asks for WebGPU's default limits and no more, `checked` keeps wgpu's checks of indices and loops too,
# `own` takes all that the adapter has. None of these falls back to another.
# TESTS, the columns: test binaries, and `verify`, the program's own check (which knows no default limits: not in that way).
# BINARIES, a folder with `dec-gpu` and the test binaries by these names, spares the build.
#
# A cell is passed/failed/ignored; what an adapter does not offer (f16, subgroups) is an ignored trial, and what
# `training` tests on the host is among those passed. `mutations` asks whether the tests notice a wrong kernel, which is
# no matter of limits or checks: in the first way alone. `tests/cooperative.rs` is about f16 alone and left to test.sh.
# Logs: target/drivers/logs.
# On a machine that is busy elsewhere a submit may take more than the 300 s it is given, and everything after it is red.
# Exit status: 1 if a cell is red; 2 if nothing beyond the machine's own drivers could be run. An implementation that is
# missing beside others that ran is a row that says why, and no failure.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
drivers=$target/drivers logs=$target/drivers/logs
read -ra rows <<<"${ROWS:-machine-vulkan machine-metal machine-dx12 machine-gl backports-vulkan backports-gl swiftshader}"
read -ra ways <<<"${WAYS:-default checked own}"
read -ra columns <<<"${TESTS:-kernels mutations forms training verify}"
limit=${LIMIT:-3600} # seconds for one cell
mkdir -p "$logs"

if [ -z "${BINARIES:-}" ]; then
    tests=(--test kernels) # builds the program too
    for column in "${columns[@]}"; do
        [ "$column" = verify ] || tests+=(--test "$column")
    done
    built=$(cargo test --release --locked --workspace --no-run "${tests[@]}" 2>&1) || { echo "$built" >&2 && exit 1; }
fi
binary() { # the path of a test binary, or of the program
    if [ -n "${BINARIES:-}" ]; then
        echo "$BINARIES/$1"
    elif [ "$1" = dec-gpu ]; then
        echo "$target/release/dec-gpu"
    else
        sed -n "s|.*Executable tests/$1[./].*(\(.*\))|\1|p" <<<"$built"
    fi
}

# What a row needs: sets `setting` (the environment) or `missing` (why it cannot run).
prepare() {
    local row=$1 codename folder=$drivers/backports
    setting=(DEC_GPU_TEST_BACKEND="${row#*-}") missing=
    case $row in
    machine-*)
        "$(binary dec-gpu)" devices --json 2>/dev/null | grep -q "\"backend\": *\"${row#*-}\"" ||
            missing="no such backend here"
        return
        ;;
    backports-*)
        codename=$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}")
        [ -e "$folder.done" ] || { .ci/debs "$folder" "$codename-backports" mesa-vulkan-drivers libgl1-mesa-dri \
            libegl-mesa0 >"$logs/backports.log" 2>&1 && touch "$folder.done"; } ||
            { missing="cannot be unpacked: $(tail -n 1 "$logs/backports.log")" && return; }
        setting+=(LD_LIBRARY_PATH="$(echo "$folder"/usr/lib/*-linux-gnu)")
        absolute "$folder"/usr/share/vulkan/icd.d/lvp_icd*.json "${setting[1]#*=}"
        ;;
    swiftshader)
        folder=/usr/lib/chromium setting=(DEC_GPU_TEST_BACKEND=vulkan)
        if [ ! -e $folder/vk_swiftshader_icd.json ]; then
            folder=$drivers/swiftshader/usr/lib/chromium
            codename=$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}")
            [ -e "$folder/vk_swiftshader_icd.json" ] || ALONE=1 .ci/debs "$drivers/swiftshader" "$codename" \
                chromium-common >"$logs/swiftshader.log" 2>&1 ||
                { missing="cannot be unpacked: $(tail -n 1 "$logs/swiftshader.log")" && return; }
        fi
        absolute "$folder/vk_swiftshader_icd.json" "$folder"
        ;;
    *)
        missing="no such row"
        ;;
    esac
}

# A copy of a Vulkan driver's description that names its library by an absolute path. The layers of the machine are no part of it.
absolute() {
    local copy
    copy=$drivers/$(basename "$1")
    sed "s|\(\"library_path\": *\"\)\(.*/\)\?\([^\"/]*\"\)|\1$2/\3|" "$1" >"$copy"
    setting+=(VK_DRIVER_FILES="$copy" VK_LOADER_LAYERS_DISABLE='~all~')
}

# One cell: the outcome of one binary, in `outcome`, and `red`.
run() {
    local way=$1 column=$2 log=$3 backend=${setting[0]#*=} status=0 command environment
    command=("$(binary "$column")") environment=("${setting[@]}" DEC_GPU_REQUIRE_ADAPTER=1)
    case $way in
    default) environment+=(DEC_GPU_TEST_LIMITS=default DEC_GPU_TEST_CHECKS=off) ;;
    checked) environment+=(DEC_GPU_TEST_LIMITS=default DEC_GPU_TEST_CHECKS=on) ;;
    own) environment+=(DEC_GPU_TEST_LIMITS=own DEC_GPU_TEST_CHECKS=off) ;;
    *) echo "drivers.sh: no such way: $way" >&2 && exit 1 ;;
    esac
    if [ "$column" = verify ]; then
        [ "$way" != default ] || { outcome=- && return; }
        command=("$(binary dec-gpu)" verify --quiet --backend "$backend")
        [ "$way" = own ] || command+=(--checked)
    fi
    [ "$column" != kernels ] || command+=("$backend ") # no trials on the host
    if [ "$column" = mutations ] && [ "$way" != "${ways[0]}" ]; then
        outcome=- && return
    fi
    env "${environment[@]}" timeout "$limit" "${command[@]}" >"$log" 2>&1 || status=$?
    outcome=$(sed -n 's|^test result: .* \([0-9]*\) passed; \([0-9]*\) failed; \([0-9]*\) ignored.*|\1/\2/\3|p' "$log")
    if [ "$column" = verify ] && grep -q 'cases and a training: ' "$log"; then
        outcome=$(sed -n 's|.* \([0-9]*\) cases and a training: \([0-9]*\) failed.*|\1/\2|p' "$log" |
            tail -n +2 | paste -sd ' ') # the first is the processor's
    fi
    if [ $status != 0 ] || [ -z "$outcome" ]; then
        outcome="${outcome:-no result} (exit $status)" red=1
    fi
}

matrix=$target/drivers/matrix.md
{
    printf '| implementation | way |' && printf ' %s |' "${columns[@]}" && echo
    printf '|---|---|' && printf -- '---|%.0s' "${columns[@]}" && echo
} >"$matrix"
red=0 beyond=0
for row in "${rows[@]}"; do
    prepare "$row"
    if [ -n "$missing" ]; then
        echo "| $row | NOT RUN: $missing |" | tee -a "$matrix"
        continue
    fi
    [[ $row = machine-* ]] || beyond=1
    for way in "${ways[@]}"; do
        line="| $way |"
        for column in "${columns[@]}"; do
            started=$SECONDS
            run "$way" "$column" "$logs/$row.$way.$column.log"
            echo "drivers.sh: $row, $way, $column: $outcome, $((SECONDS - started)) s" >&2
            line+=" $outcome |"
        done
        adapters=$(sed -n 's/.*gpu-trials: \(.*\): [0-9]*$/\1/p' "$logs/$row.$way".*.log | sort -u | paste -sd ';')
        echo "| $row: ${adapters:-see the logs} $line" >>"$matrix"
    done
done
echo
cat "$matrix"
[ $red = 0 ] || { echo "drivers.sh: a cell is red; see $logs" >&2 && exit 1; }
[ $beyond = 1 ] || { echo "drivers.sh: nothing was run but the machine's own drivers" >&2 && exit 2; }
