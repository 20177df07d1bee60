// y = act(x·w + bias), act = ReLU or identity: one layer forward.   Xie et al. 2016, §3.2
// One workgroup per 64x64 tile of y (tile.wgsl); bias and activation in the epilogue.
struct Params {
    rows: u32, // b
    d_in: u32, // columns of x
    d_out: u32, // columns of y
    relu: u32, // 1: ReLU, 0: identity
    first: u32, // row of y that row 0 is written to
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // (b, in)
@group(0) @binding(2) var<storage, read> w: array<f32>; // (in, out)
@group(0) @binding(3) var<storage, read> bias: array<f32>; // (out)
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // (at least first + b, out)

fn load_a(row: u32, k: u32) -> f32 {
    if row >= params.rows || k >= params.d_in {
        return 0.0;
    }
    return x[row * params.d_in + k];
}

fn load_b(k: u32, col: u32) -> f32 {
    if k >= params.d_in || col >= params.d_out {
        return 0.0;
    }
    return w[k * params.d_out + col];
}

fn store(row: u32, col: u32, value: f32) {
    if row >= params.rows || col >= params.d_out {
        return;
    }
    let sum = value + bias[col];
    y[(params.first + row) * params.d_out + col] = select(sum, max(sum, 0.0), params.relu == 1u);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = group.y * TILE;
    let col = group.x * TILE;
    tile_multiply(row, col, params.d_in, lane);
    tile_store(row, col, lane);
}
