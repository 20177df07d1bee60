#!/usr/bin/env bash
# Runs every test, the GPU kernels included, on all the adapters this machine has. A machine without
# one gets a software Vulkan; where that is not possible this fails (exit 4): a GPU test is never skipped.
#
#   ./test.sh --all-adapters    and then on every other implementation that can be had: tests/drivers.sh, with a matrix
set -euo pipefail
cd "$(dirname "$0")"

case ${1:-} in
'' | --all-adapters) ;;
*)
    echo "usage: ./test.sh [--all-adapters]" >&2
    exit 2
    ;;
esac

target=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
log=$target/test.log

# OpenGL alone does not count: it has neither subgroups nor f16, and many machines have Mesa's without a Vulkan.
has_adapter() {
    "$target/release/dec-gpu" devices --json | tr -d '[:space:]' |
        awk '{ gsub(/\{"backend":/, "\n&"); print }' | grep -v '^{"backend":"gl"' | grep -q '"usable":true'
}

install_software_vulkan() {
    local packages=(mesa-vulkan-drivers libvulkan1) as_root=()
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n)
    fi
    echo "test.sh: no usable adapter (OpenGL alone does not count); installing ${packages[*]}"
    "${as_root[@]}" apt-get update -q &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -qy --no-install-recommends "${packages[@]}"
}

# The whole workspace at once: naga has back ends in it that a build of the root package alone does without, and a build of
# each would compile wgpu twice.
cargo test --release --locked --workspace --no-run
if ! has_adapter; then
    install_software_vulkan || true
    if ! has_adapter; then
        cat >&2 <<'EOF'
test.sh: no usable adapter of Vulkan, Metal or DX12, and the kernels cannot be tested without one. Install a driver:
  Debian, Ubuntu  apt-get install --no-install-recommends mesa-vulkan-drivers libvulkan1   (as root)
  Fedora          dnf install mesa-vulkan-drivers vulkan-loader
  Arch            pacman -S vulkan-swrast vulkan-icd-loader
or name one with VK_DRIVER_FILES. `dec-gpu devices` says what was found and why it was refused.
EOF
        exit 4
    fi
fi

# cargo's own runner, not nextest: that one starts a process, and so a device, for every trial.
export DEC_GPU_REQUIRE_ADAPTER=1
cargo test --release --locked --workspace --no-fail-fast --lib --bins --tests 2>&1 | tee "$log"

# Each GPU test binary reports `gpu-trials: <adapter> (<driver>): <count>`, one line per adapter.
grep -o 'gpu-trials: .*' "$log" | awk '
    { count = $NF; sub(/^gpu-trials: /, ""); sub(/: [0-9]+$/, ""); trials[$0] += count }
    END { for (adapter in trials) { print "GPU trials on " adapter ": " trials[adapter]
                                    if (!trials[adapter]) idle = 1 }
          exit idle }' || {
    echo "test.sh: a GPU test ran nothing on its adapter; see $log" >&2
    exit 1
}

# Last, so that the output ends in the tests' own summary.
cargo test --release --locked --workspace --doc

if [ "${1:-}" = --all-adapters ]; then
    tests/drivers.sh
fi
