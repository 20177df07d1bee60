// y = act(x·w + bias), act = ReLU or identity: one layer forward.   Xie et al. 2016, §3.2
// One workgroup per tile of y (gemm_*.wgsl); bias and activation in the epilogue.
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

fn emit(row: u32, col: u32, value: f32) {
    let sum = value + bias[col];
    y[(params.first + row) * params.d_out + col] = select(sum, max(sum, 0.0), params.relu == 1u);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    product(group, lane);
}
