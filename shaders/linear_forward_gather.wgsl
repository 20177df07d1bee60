// y = act(((x_r - shift)·scale)·w + bias), r = index[first + i] or first + i: the first layer forward, straight from the data set.   Xie et al. 2016, §3.2
// As linear_forward; the rows of A are gathered from u8 or f32 data and normalised in the loader.
struct Params {
    rows: u32, // b
    d_in: u32, // columns of x
    d_out: u32, // columns of y
    relu: u32, // 1: ReLU, 0: identity
    first: u32, // position in the order that row 0 of the batch takes
    indexed: u32, // 1: rows are named by index, 0: they follow each other
    block_first: u32, // row of the data set that row 0 of x is
    source: u32, // 0: x holds f32, 1: x holds u8, four to a word
    out_first: u32, // row of y that row 0 is written to
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>; // (rows of the block, in) f32 bits or packed u8
@group(0) @binding(2) var<storage, read> index: array<u32>; // (first + b or more)
@group(0) @binding(3) var<storage, read> shift: array<f32>; // (in)
@group(0) @binding(4) var<storage, read> scale: array<f32>; // (in)
@group(0) @binding(5) var<storage, read> w: array<f32>; // (in, out)
@group(0) @binding(6) var<storage, read> bias: array<f32>; // (out)
@group(0) @binding(7) var<storage, read_write> y: array<f32>; // (at least out_first + b, out)

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
