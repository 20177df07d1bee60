// y = act(((x_r - shift)·scale)·w + bias), r = index[first + i] or first + i: the first layer forward, straight from the data set.   Xie et al. 2016, §3.2
// As linear_forward; the rows of A are gathered from u8 or f32 data and normalised in the loader.

const A_ALONG_DEPTH = true;
const B_ALONG_DEPTH = false;
const A_SCALE = 1.0; // for f16, see gemm_f16.wgsl
const B_SCALE = 1.0;

fn rows() -> u32 {
    return params.rows;
}

fn cols() -> u32 {
    return params.d_out;
}

fn depth() -> u32 {
    return params.d_in;
}

fn fetch_a(row: u32, k: u32) -> f32 {
    let local = ordered_row(params.first + row) - params.block_first;
    return (block_value(local * params.d_in + k) - shift[k]) * scale[k];
}

fn fetch_b(k: u32, col: u32) -> f32 {
    return w[k * params.d_out + col];
}

fn emit(row: u32, col: u32, value: f32) {
    let sum = value + bias[col];
    y[(params.out_first + row) * params.d_out + col] = select(sum, max(sum, 0.0), params.relu == 1u);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    product(group, lane);
}
