// y = act(x·w + bias), act = ReLU or identity: one layer forward.   Xie et al. 2016, §3.2
// One workgroup per tile of y (gemm_*.wgsl); bias and activation in the epilogue.

fn emit(row: u32, col: u32, value: f32) {
    let sum = value + bias[col];
    y[(params.first + row) * params.d_out + col] = select(sum, max(sum, 0.0), params.relu == 1u);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    product(group, lane);
}
