// dx = (dy·wᵀ) ⊙ [x > 0]: the gradient with respect to a layer's input, through the ReLU that made it.   chain rule
// One workgroup per tile of dx (gemm_*.wgsl); the mask comes from the stored activation x.

const A_ALONG_DEPTH = true;
const B_ALONG_DEPTH = true;
const A_SCALE = 4096.0; // A holds gradients; for f16, see gemm_f16.wgsl
const B_SCALE = 1.0;

fn rows() -> u32 {
    return params.rows;
}

fn cols() -> u32 {
    return params.d_in;
}

fn depth() -> u32 {
    return params.d_out;
}

fn fetch_a(row: u32, k: u32) -> f32 {
    return dy[row * params.d_out + k];
}

fn fetch_b(k: u32, col: u32) -> f32 {
    return w[col * params.d_out + k];
}

fn emit(row: u32, col: u32, value: f32) {
    let at = row * params.d_in + col;
    let passes = params.relu == 0u || x[at] > 0.0;
    dx[at] = select(0.0, value, passes);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    product(group, lane);
}
