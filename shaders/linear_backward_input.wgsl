// dx = (dy·wᵀ) ⊙ [x > 0]: the gradient with respect to a layer's input, through the ReLU that made it.   chain rule
// One workgroup per 64x64 tile of dx (tile.wgsl); the mask comes from the stored activation x.
struct Params {
    rows: u32, // b
    d_in: u32, // columns of dx
    d_out: u32, // columns of dy
    relu: u32, // 1: x came out of a ReLU, 0: no mask
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // (b, out)
@group(0) @binding(2) var<storage, read> w: array<f32>; // (in, out)
@group(0) @binding(3) var<storage, read> x: array<f32>; // (b, in)
@group(0) @binding(4) var<storage, read_write> dx: array<f32>; // (b, in)

fn load_a(row: u32, k: u32) -> f32 {
    if row >= params.rows || k >= params.d_out {
        return 0.0;
    }
    return dy[row * params.d_out + k];
}

fn load_b(k: u32, col: u32) -> f32 {
    if k >= params.d_out || col >= params.d_in {
        return 0.0;
    }
    return w[col * params.d_out + k];
}

fn store(row: u32, col: u32, value: f32) {
    if row >= params.rows || col >= params.d_in {
        return;
    }
    let at = row * params.d_in + col;
    let passes = params.relu == 0u || x[at] > 0.0;
    dx[at] = select(0.0, value, passes);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = group.y * TILE;
    let col = group.x * TILE;
    tile_multiply(row, col, params.d_out, lane);
    tile_store(row, col, lane);
}
