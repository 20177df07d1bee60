// dw = xᵀ·dy, dbias_c = Σ_i dy_ic: the gradients with respect to a layer's weight and bias.   chain rule
// One workgroup per tile of dw (gemm_*.wgsl); the first row of tiles also sums the columns of dy, in order.
struct Params {
    rows: u32, // b
    d_in: u32, // columns of x
    d_out: u32, // columns of dy
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // (b, in)
@group(0) @binding(2) var<storage, read> dy: array<f32>; // (b, out)
@group(0) @binding(3) var<storage, read_write> dw: array<f32>; // (in, out)
@group(0) @binding(4) var<storage, read_write> dbias: array<f32>; // (out)

const A_ALONG_DEPTH = false;
const B_ALONG_DEPTH = false;
const A_SCALE = 1.0; // for f16, see gemm_f16.wgsl
const B_SCALE = 4096.0; // B holds gradients

fn rows() -> u32 {
    return params.d_in;
}

fn cols() -> u32 {
    return params.d_out;
}

fn depth() -> u32 {
    return params.rows;
}

fn fetch_a(row: u32, k: u32) -> f32 {
    return x[k * params.d_in + row];
}

fn fetch_b(k: u32, col: u32) -> f32 {
    return dy[k * params.d_out + col];
}

fn emit(row: u32, col: u32, value: f32) {
    dw[row * params.d_out + col] = value;
}

// Each invocation sums its columns of the tile, one after the other.
fn sum_columns(first: u32, lane: u32) {
    let own = (TILE_COLS + LANES - 1u) / LANES;
    let count = params.rows * own;
    var sum = 0.0;
    for (var step = 0u; step < count; step++) {
        let row = step % params.rows;
        let col = lane + step / params.rows * LANES;
        if col >= TILE_COLS || first + col >= params.d_out {
            break;
        }
        sum = select(sum, 0.0, row == 0u) + dy[row * params.d_out + first + col];
        if row + 1u == params.rows {
            dbias[first + col] = sum;
        }
    }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    product(group, lane);
    if group.y == 0u {
        sum_columns(group.x * TILE_COLS, lane);
    }
}
