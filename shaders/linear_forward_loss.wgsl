// y = act(x·w + bias), dy = gradient_scale (y - target), 0 where a ReLU made y 0; partial_g = loss_scale · Σ (y - target)² over tile g: the last layer forward, with the mean squared error and its gradient.   Xie et al. 2016, §3.2
// One workgroup per tile (gemm_*.wgsl); y stays in registers. dy is the gradient before the activation.

var<private> squares: f32; // of the invocation's elements

fn emit(row: u32, col: u32, value: f32) {
    let at = row * params.d_out + col;
    let sum = value + bias[col];
    let cut = params.relu == 1u && sum <= 0.0;
    let difference = select(sum, 0.0, cut) - goal[at];
    dy[at] = select(params.gradient_scale * difference, 0.0, cut);
    squares += difference * difference;
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    product(group, lane);
    let sum = group_sum(lane, squares);
    if lane == 0u {
        partial[params.first_partial + group.y * groups.x + group.x] = params.loss_scale * sum;
    }
}
