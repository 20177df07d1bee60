// dw = xᵀ·dy, dbias_c = Σ_i dy_ic: the gradients with respect to a layer's weight and bias.   chain rule
// One workgroup per 64x64 tile of dw (tile.wgsl); the first row of tiles also sums the columns of dy, in order.
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

fn load_a(row: u32, k: u32) -> f32 {
    if row >= params.d_in || k >= params.rows {
        return 0.0;
    }
    return x[k * params.d_in + row];
}

fn load_b(k: u32, col: u32) -> f32 {
    if k >= params.rows || col >= params.d_out {
        return 0.0;
    }
    return dy[k * params.d_out + col];
}

fn store(row: u32, col: u32, value: f32) {
    if row >= params.d_in || col >= params.d_out {
        return;
    }
    dw[row * params.d_out + col] = value;
}

fn sum_column(col: u32) {
    if col >= params.d_out {
        return;
    }
    var sum = 0.0;
    for (var i = 0u; i < params.rows; i++) {
        sum += dy[i * params.d_out + col];
    }
    dbias[col] = sum;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = group.y * TILE;
    let col = group.x * TILE;
    tile_multiply(row, col, params.rows, lane);
    tile_store(row, col, lane);
    if group.y == 0u {
        sum_column(col + lane);
    }
}
