//! The forms on matrix units with their cooperative calls written out as plain loops, for adapters without such
//! units: staging, the split over subgroups, edges and epilogues are then the shader's own, the fragments are not.
//!
//! The calls themselves are tried where they exist, by `tests/kernels.rs` and at every opening at f16.

mod common;

use common::{adapters, with_source};
use dec_gpu::kernel::tile::{COOP, COOP8, HALF, TILES, Tile};
use dec_gpu::kernel::{Kernel, Tiled};
use dec_gpu::kernels;
use dec_gpu::precision::Precision;
use dec_gpu::verify::run_case;

/// What the cooperative calls do: of a fragment each invocation of a subgroup holds every SIZE-th element.
const PLAIN: &str = "
alias Left = u32; // where the fragment begins in tile_a
alias Right = u32; // where the fragment begins in tile_b
alias Sums = array<f32, SPOTS / SIZE>;
var<private> own_lane: u32;

fn fragment(at: u32) -> u32 {
    return at;
}

fn load_sums(spot: u32) -> Sums {
    var c: Sums;
    for (var e = 0u; e < SPOTS / SIZE; e++) {
        c[e] = sums[spot + e * SIZE + own_lane];
    }
    return c;
}

fn multiply_add(a: Left, b: Right, start: Sums) -> Sums {
    var c = start;
    for (var e = 0u; e < SPOTS / SIZE; e++) {
        let row = (e * SIZE + own_lane) / FRAGMENT;
        let col = (e * SIZE + own_lane) % FRAGMENT;
        for (var k = 0u; k < FRAGMENT; k++) {
            c[e] += f32(tile_a[a + k * PITCH + row]) * f32(tile_b[b + k * PITCH + col]);
        }
    }
    return c;
}

fn store_sums(value: Sums, spot: u32) {
    var c = value;
    for (var e = 0u; e < SPOTS / SIZE; e++) {
        sums[spot + e * SIZE + own_lane] = c[e];
    }
}
";

/// The kernel with its cooperative calls written out, for subgroups of `size`.
fn written_out(kernel: &'static Kernel, size: u32) -> Kernel {
    let tiled = kernel.tile.expect("a form of a product");
    let mut source = kernel.code();
    for (from, to) in [
        ("enable wgpu_cooperative_matrix;\n", ""),
        ("subgroupAdd(1u);", "SIZE;\n    own_lane = lane % SIZE;"),
        ("subgroupBroadcastFirst(lane)", "lane"),
        ("coopLoadT<Sums>(&sums[spot], FRAGMENT)", "load_sums(spot)"),
        ("coopLoad<Left>(&tile_a[", "fragment("),
        ("coopLoadT<Right>(&tile_b[", "fragment("),
        ("], PITCH)", ")"),
        ("coopMultiplyAdd(", "multiply_add("),
        ("coopStoreT(", "store_sums("),
        (", &sums[spot], FRAGMENT)", ", spot)"),
    ] {
        assert!(source.contains(from), "`{from}` is gone from the shader");
        source = source.replace(from, to);
    }
    let lines = source.lines().filter(|line| !line.contains("coop_mat"));
    let source = lines.collect::<Vec<_>>().join("\n") + PLAIN + &format!("const SIZE = {size}u;\n");
    let plain = Tile {
        name: "coop, written out",
        rows: tiled.tile.rows,
        cols: tiled.tile.cols,
        lanes: tiled.tile.lanes,
        needs: TILES[HALF].needs,
    };
    Kernel {
        tile: Some(Tiled {
            tile: Box::leak(Box::new(plain)),
            ..tiled
        }),
        ..*with_source(kernel, source)
    }
}

/// Runs every case of every product in a form on every adapter with f16.
fn check(form: usize, size: u32) {
    let mut cases = 0;
    for report in adapters::usable()
        .iter()
        .filter(|report| report.features.f16)
    {
        let gpu = adapters::open_as(report, false, Precision::F16)
            .unwrap_or_else(|error| panic!("{error:?}"));
        for &kernel in kernels::ALL {
            if kernel.tile.is_none_or(|tiled| *tiled.tile != TILES[form]) {
                continue;
            }
            let plain: &'static Kernel = Box::leak(Box::new(written_out(kernel, size)));
            common::parse(plain).unwrap_or_else(|error| panic!("{}: {error}", kernel.title()));
            for case in (plain.cases)() {
                pollster::block_on(run_case(&*gpu, plain, &case))
                    .unwrap_or_else(|failure| panic!("subgroups of {size}: {failure}"));
                cases += 1;
            }
        }
    }
    adapters::close_all();
    println!("{}, subgroups of {size}: {cases} cases", TILES[form].name);
    let required = std::env::var("DEC_GPU_REQUIRE_ADAPTER").is_ok_and(|value| value == "1");
    assert!(
        cases > 0 || !required,
        "no adapter with f16: nothing was run"
    );
}

#[test]
fn fragments_of_sixteen() {
    check(COOP, 32);
}

#[test]
fn fragments_of_sixteen_in_large_subgroups() {
    check(COOP, 64);
}

#[test]
fn fragments_of_eight() {
    check(COOP8, 32);
}

#[test]
fn fragments_of_eight_in_small_subgroups() {
    check(COOP8, 16);
}
